import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "@synod/protocols/random";
import { EtcdApi } from "../cluster/etcd-api.ts";
import type { Doer, HistoryLog } from "./history-log.ts";
import type { Workload } from "./workload.ts";

/** A server that clients may ask. */
export interface Place {
  readonly name: string;
  /** host:port */
  readonly address: string;
}

export interface ClientsOptions {
  readonly count: number;
  /** Operations a second of all clients together; 0: as fast as they are answered. */
  readonly rate: number;
  /** After this a client takes the outcome for unknown. */
  readonly timeoutMs: number;
  /** No operation begins once there are so many. */
  readonly mostOperations: number;
  /** Whom they may ask now; it may change while they run. */
  readonly places: () => readonly Place[];
}

/** Rest after an operation that nobody took: who is down stays so for a while. */
const REST_MS = 25;
/** In a million: a client goes elsewhere although nothing is wrong. */
const WANDERS = 10_000;

/** Clients, each with one operation under way, until they are stopped. */
export class Clients {
  readonly #options: ClientsOptions;
  readonly #workload: Workload;
  readonly #log: HistoryLog;
  readonly #running: Promise<void>[] = [];
  #stopped = false;
  #processes = 0;

  constructor(options: ClientsOptions, workload: Workload, log: HistoryLog) {
    this.#options = options;
    this.#workload = workload;
    this.#log = log;
  }

  start(random: Random): void {
    for (let client = 0; client < this.#options.count; client += 1)
      this.#running.push(this.#run(random.split(client), client));
  }

  /** Ends them, each after the operation that it has under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /** One last process for each place, which reads what there is. */
  async finish(): Promise<void> {
    for (const { name, address } of this.#options.places()) {
      const api = new EtcdApi(address, this.#options.timeoutMs * 5);
      await this.#workload.finish({ process: this.#newProcess(), node: name, api });
      api.close();
    }
  }

  async #run(random: Random, client: number): Promise<void> {
    const { places, timeoutMs } = this.#options;
    const work = this.#workload.client();
    const apis = new Map<string, EtcdApi>();
    const go = (to: number): Doer => {
      const { name, address } = places()[to % places().length] as Place;
      const api = apis.get(address) ?? new EtcdApi(address, timeoutMs);
      apis.set(address, api);
      return { process: this.#newProcess(), node: name, api };
    };
    let doer = go(client);
    let due = performance.now();
    while (!this.#stopped && this.#log.size < this.#options.mostOperations) {
      due = await this.#pace(due, random);
      const { process } = doer;
      const ended = await work(doer);
      if (ended.type === "ok" && !random.chance(WANDERS)) continue;
      const next = go(random.below(1000));
      // A process has one operation under way: who does not know how it ended goes on under another name.
      doer = ended.type === "unknown" ? next : { ...next, process };
      if (ended.type !== "ok") await sleep(REST_MS);
    }
    for (const api of apis.values()) api.close();
  }

  /** Waits for this client's turn. @returns when it was. */
  async #pace(due: number, random: Random): Promise<number> {
    const { rate, count } = this.#options;
    if (rate === 0) return due;
    const interval = (count / rate) * 1000;
    const now = performance.now();
    if (due > now) await sleep(due - now);
    // Who was held up does not catch up: the rate is a limit.
    return Math.max(due, now) + interval * (0.5 + random.below(1000) / 1000);
  }

  #newProcess(): number {
    return this.#processes++;
  }
}
