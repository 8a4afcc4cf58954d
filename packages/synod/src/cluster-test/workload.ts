import { setTimeout as sleep } from "node:timers/promises";
import { type History, Recorder } from "@synod/checkers/history";
import { type Answer, EtcdApi } from "./etcd-api.ts";

export interface WorkloadOptions {
  readonly clients: number;
  readonly keys: number;
  /** Rest between two operations of a client. */
  readonly pauseMs: number;
  /** After this the client takes the outcome for unknown and goes elsewhere. */
  readonly timeoutMs: number;
  readonly prefix: string;
}

export const DEFAULT_WORKLOAD: WorkloadOptions = {
  clients: 8,
  keys: 5,
  pauseMs: 4,
  timeoutMs: 1000,
  prefix: "judged/",
};

/** Clients that read, write, compare-and-set and delete a few keys as fast as they are let, and a record of what they saw. */
export class Workload {
  readonly #options: WorkloadOptions;
  readonly #addresses: readonly string[];
  readonly #recorder = new Recorder();
  readonly #clients: Promise<void>[] = [];
  #running = true;
  #processes = 0;
  #answers = 0;

  private constructor(addresses: readonly string[], options: WorkloadOptions) {
    this.#addresses = addresses;
    this.#options = options;
  }

  static start(addresses: readonly string[], options: Partial<WorkloadOptions> = {}): Workload {
    const workload = new Workload(addresses, { ...DEFAULT_WORKLOAD, ...options });
    for (let client = 0; client < workload.#options.clients; client += 1) {
      workload.#clients.push(workload.#run(client));
    }
    return workload;
  }

  /** Microseconds on the clock of the history. */
  static now(): number {
    return Math.round(performance.now() * 1000);
  }

  /**
   * How long nobody was served: from `instant` to the first return of a write that was called after it.
   * @returns microseconds; Infinity if there was none.
   */
  outageSince(instant: number): number {
    const returns = this.#recorder
      .history()
      .filter(({ outcome, call, f }) => outcome === "ok" && call >= instant && f === "put")
      .map((operation) => operation.return);
    return Math.min(...returns) - instant;
  }

  /** Waits for a write that was called after `instant`. @returns how long nobody was served, in microseconds. */
  async servedAgain(instant: number, withinMs: number): Promise<number> {
    const deadline = performance.now() + withinMs;
    while (performance.now() < deadline) {
      const outage = this.outageSince(instant);
      if (Number.isFinite(outage)) return outage;
      await sleep(10);
    }
    throw new Error(`nobody was served within ${withinMs} ms`);
  }

  /** Operations that were answered, whatever the answer. */
  get answers(): number {
    return this.#answers;
  }

  /** Waits until so many operations have been answered since the start. */
  async answered(count: number, withinMs = 30_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.#answers < count) {
      if (performance.now() > deadline)
        throw new Error(`only ${this.#answers} of ${count} operations were answered within ${withinMs} ms`);
      await sleep(10);
    }
  }

  /** Ends the clients, each after the operation that it has under way. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  /** Stops, reads every key once through every node, and hands out the history. */
  async finish(): Promise<History> {
    await this.stop();
    for (const address of this.#addresses) {
      const api = new EtcdApi(address, 5000);
      const process = this.#newProcess();
      for (let key = 0; key < this.#options.keys; key += 1) await this.#get(api, process, this.#key(key));
      api.close();
    }
    return this.#recorder.history();
  }

  async #run(client: number): Promise<void> {
    const apis = this.#addresses.map((address) => new EtcdApi(address, this.#options.timeoutMs));
    const known = new Map<string, number>();
    let process = this.#newProcess();
    let at = client;
    for (let turn = 0; this.#running; turn += 1) {
      const key = this.#key((client * 7 + turn * 3) % this.#options.keys);
      const outcome = await this.#operate(apis[at % apis.length]!, process, key, client, turn, known);
      // A process has one operation under way: who does not know how it ended goes on under another name.
      if (outcome === "unknown") process = this.#newProcess();
      if (outcome !== "ok") at += 1;
      await sleep(this.#options.pauseMs);
    }
    for (const api of apis) api.close();
  }

  async #operate(
    api: EtcdApi,
    process: number,
    key: string,
    client: number,
    turn: number,
    known: Map<string, number>,
  ): Promise<"ok" | "fail" | "unknown"> {
    const value = `${client}.${turn}`;
    switch (turn % 16) {
      case 3:
        return this.#record(process, "delete", key, null, () => api.delete(key));
      case 1:
      case 5:
      case 9:
      case 13: {
        const input = { revision: known.get(key) ?? 0, to: value };
        return this.#record(process, "cas", key, input, () => api.putIf(key, input.revision, value));
      }
      case 0:
      case 2:
      case 6:
      case 10:
      case 12:
      case 15:
        return this.#record(process, "put", key, value, () => api.put(key, value));
      default: {
        const revision = await this.#get(api, process, key);
        if (revision !== undefined) known.set(key, revision);
        return revision === undefined ? "unknown" : "ok";
      }
    }
  }

  /** @returns the key's revision, undefined if there was no answer. */
  async #get(api: EtcdApi, process: number, key: string): Promise<number | undefined> {
    let revision: number | undefined;
    await this.#record(process, "get", key, null, async () => {
      const reply = await api.get(key);
      if (reply.type === "ok") revision = reply.value.revision;
      return reply;
    });
    return revision;
  }

  async #record<Value>(
    process: number,
    f: string,
    key: string,
    input: unknown,
    send: () => Promise<Answer<Value>>,
  ): Promise<"ok" | "fail" | "unknown"> {
    const token = this.#recorder.call(Workload.now(), process, f, key, input);
    const reply = await send();
    if (reply.type === "ok") {
      this.#answers += 1;
      this.#recorder.ok(Workload.now(), token, reply.value);
    } else if (reply.type === "notSent") this.#recorder.fail(Workload.now(), token);
    else this.#recorder.unknown(token);
    return reply.type === "ok" ? "ok" : reply.type === "notSent" ? "fail" : "unknown";
  }

  #key(index: number): string {
    return `${this.#options.prefix}${index}`;
  }

  #newProcess(): number {
    return this.#processes++;
  }
}
