import type { Instant, LogIndex } from "@synod/protocols/protocol";
import { MemoryDisk } from "@synod/storage/memory-disk";
import type { Group, Requester, RequestFailure, StateMachine } from "../group.ts";
import { createLogger } from "../log/logger.ts";
import { freePorts } from "../testing/ports.ts";
import { Host } from "./host.ts";
import type { HostLimits } from "./options.ts";

/** A list of texts: the smallest machine whose order, repetition and loss can be seen. */
export class TextMachine implements StateMachine<number> {
  texts: string[] = [];
  times: Instant[] = [];

  apply(_index: LogIndex, time: Instant, command: Uint8Array): number {
    this.texts.push(textOf(command));
    this.times.push(time);
    return this.texts.length;
  }

  *snapshot(): Iterator<Uint8Array> {
    const frozen = this.texts.join("\n");
    for (let at = 0; at === 0 || at < frozen.length; at += 1000) yield bytesOf(frozen.slice(at, at + 1000));
  }

  restore(chunks: Iterable<Uint8Array>): void {
    const steps = this.restoreInSteps(chunks);
    while (steps.next().done !== true);
  }

  *restoreInSteps(chunks: Iterable<Uint8Array>): Generator<undefined, void, undefined> {
    let text = "";
    for (const chunk of chunks) {
      text += textOf(chunk);
      yield;
    }
    this.texts = text === "" ? [] : text.split("\n");
  }

  hash(): number {
    let hash = 0;
    for (const text of this.texts)
      for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    return hash;
  }
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** A host on loopback with its machine and disk, and promises for its answers. */
export class TestNode implements Requester<number> {
  readonly host: Host;
  readonly machine: TextMachine;
  readonly group: Group<number>;
  #waiting: { resolve: (result: number) => void; reject: (error: Error) => void }[] = [];

  constructor(setup: {
    self: number;
    peers: Map<number, string>;
    disk: MemoryDisk;
    limits?: Partial<HostLimits>;
    lines?: string[];
    machine?: TextMachine;
    voters?: readonly number[];
  }) {
    const { self, peers, disk, limits, lines, voters } = setup;
    this.machine = setup.machine ?? new TextMachine();
    const logger = createLogger({
      node: `n${self}`,
      sink: { write: (line) => void lines?.push(line), flush: () => {} },
    });
    this.host = new Host({
      self,
      peers,
      disk,
      logger,
      clusterId: 7n,
      ...(limits === undefined ? {} : { limits }),
      ...(voters === undefined ? {} : { voters }),
    });
    this.group = this.host.addGroup(1, this.machine);
  }

  propose(text: string): Promise<number> {
    return this.#ask((token) => this.group.propose(bytesOf(text), this, token));
  }

  read(): Promise<string[]> {
    return this.#ask((token) => this.group.read(this, token)).then(() => [...this.machine.texts]);
  }

  applied(token: number, result: number): void {
    this.#waiting[token]!.resolve(result);
  }

  readable(token: number): void {
    this.#waiting[token]!.resolve(0);
  }

  failed(token: number, reason: RequestFailure): void {
    this.#waiting[token]!.reject(new Error(reason));
  }

  #ask(input: (token: number) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      input(this.#waiting.push({ resolve, reject }) - 1);
    });
  }
}

/** n1, n2, … on loopback ports that no other test has. */
export async function addressesOf(count: number): Promise<Map<number, string>> {
  const ports = await freePorts(count);
  return new Map(ports.map((port, i) => [i + 1, `127.0.0.1:${port}`]));
}

/** Resolves once `condition` holds. @throws with its text when it does not within the time. */
export async function settled(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export { MemoryDisk };
