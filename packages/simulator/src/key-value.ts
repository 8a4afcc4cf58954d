import { Sessions } from "@synod/protocols/sessions";
import { digestBytes } from "./trace-hash.ts";

/**
 * The state machine under test: a few registers and, for each client, its latest request and answer, so that a request
 * sent twice takes effect once (Ongaro's dissertation §6.3). Values are unique positive integers, 0 is "never written".
 */

export const Verb = { write: 1, swap: 2 } as const;
export type Verb = (typeof Verb)[keyof typeof Verb];

export interface Command {
  readonly client: number;
  readonly request: number;
  readonly verb: Verb;
  readonly key: number;
  /** A swap takes place only where the register holds this. */
  readonly expected: number;
  readonly value: number;
}

const COMMAND_BYTES = 21;
/** More than any world has clients: nothing is evicted. */
const MAX_SESSIONS = 1024;

export function encodeCommand(command: Command): Uint8Array {
  const bytes = new Uint8Array(COMMAND_BYTES);
  bytes[0] = command.verb;
  putUint32(bytes, 1, command.client);
  putUint32(bytes, 5, command.request);
  putUint32(bytes, 9, command.key);
  putUint32(bytes, 13, command.expected);
  putUint32(bytes, 17, command.value);
  return bytes;
}

export function clientOf(command: Uint8Array): number {
  return uint32At(command, 1);
}

export function requestOf(command: Uint8Array): number {
  return uint32At(command, 5);
}

interface Session {
  request: number;
  /** Of its latest request: whether it took effect, and where in the log that was decided. */
  done: boolean;
  index: number;
}

export class KeyValue {
  /** Requests answered from a session instead of taking effect again. */
  deduplicated = 0;
  readonly #registers: number[] = [];
  readonly #sessions = new Map<number, Session>();
  /** What decides whether a request is new: the same table that a node of production keeps. */
  readonly #admitted = new Sessions(MAX_SESSIONS);
  readonly #deduplicate: boolean;
  #hash = 0;

  constructor(deduplicate = true) {
    this.#deduplicate = deduplicate;
  }

  get hash(): number {
    return this.#hash;
  }

  read(key: number): number {
    return this.#registers[key] ?? 0;
  }

  /** @returns the session of the command's client afterwards; a request that took effect before changes nothing. */
  apply(index: number, command: Uint8Array): Readonly<Session> {
    const client = clientOf(command);
    const request = requestOf(command);
    let session = this.#sessions.get(client);
    if (session === undefined) {
      session = { request: 0, done: false, index: 0 };
      this.#sessions.set(client, session);
    }
    const isNew = this.#admitted.admit(this.#admitted.open(client, 1, index), request);
    if (!isNew && this.#deduplicate) {
      this.deduplicated++;
      return session;
    }
    const key = uint32At(command, 9);
    const done = command[0] === Verb.write || this.read(key) === uint32At(command, 13);
    if (done) this.#put(key, uint32At(command, 17));
    // A request that its client has given up may come after a later one; the answer that is waited for is the later one's.
    if (request >= session.request) Object.assign(session, { request, index, done });
    this.#hash = Math.imul(this.#hash ^ digestBytes(command), 0x01000193) ^ index;
    return session;
  }

  /** Equal states give equal bytes. */
  snapshot(): Uint8Array {
    const clients = [...this.#sessions.keys()].sort((a, b) => a - b);
    const admitted = this.#admitted.snapshot();
    const bytes = new Uint8Array(12 + 4 * this.#registers.length + 16 * clients.length + admitted.length);
    putUint32(bytes, 0, this.#hash);
    putUint32(bytes, 4, this.#registers.length);
    putUint32(bytes, 8, clients.length);
    let at = 12;
    for (const value of this.#registers) at = putUint32(bytes, at, value);
    for (const client of clients) {
      const session = this.#sessions.get(client)!;
      at = putUint32(bytes, at, client);
      at = putUint32(bytes, at, session.request);
      at = putUint32(bytes, at, session.index);
      at = putUint32(bytes, at, session.done ? 1 : 0);
    }
    bytes.set(admitted, at);
    return bytes;
  }

  restore(bytes: Uint8Array): void {
    this.#registers.length = 0;
    this.#sessions.clear();
    this.#hash = uint32At(bytes, 0) | 0;
    const registers = uint32At(bytes, 4);
    const clients = uint32At(bytes, 8);
    let at = 12;
    for (let i = 0; i < registers; i++, at += 4) this.#registers.push(uint32At(bytes, at));
    for (let i = 0; i < clients; i++, at += 16) {
      this.#sessions.set(uint32At(bytes, at), {
        request: uint32At(bytes, at + 4),
        index: uint32At(bytes, at + 8),
        done: uint32At(bytes, at + 12) === 1,
      });
    }
    this.#admitted.restore(bytes.subarray(at));
  }

  #put(key: number, value: number): void {
    while (this.#registers.length <= key) this.#registers.push(0);
    this.#registers[key] = value;
  }
}

function putUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
