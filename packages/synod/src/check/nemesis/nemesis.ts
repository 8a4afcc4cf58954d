import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "@synod/protocols/random";
import type { FaultName } from "../choices.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { disk } from "./disk.ts";
import type { Harm, Injury } from "./fault.ts";
import { membership } from "./membership.ts";
import { partition } from "./partition.ts";
import { clock, kill, pause } from "./processes.ts";

/** One fault as the picture shows it: a band. Microseconds of the history's clock. */
export interface Band {
  readonly name: FaultName;
  readonly about: string;
  readonly from: number;
  readonly to: number;
}

const HARMS: Readonly<Record<FaultName, Harm>> = { kill, pause, partition, disk, clock, membership };

/** Rests and faults are about as long as this, in milliseconds. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 5000;
/** A run sees about so many faults. */
const FAULTS_PER_RUN = 8;

const READY_WITHIN_MS = 30_000;

/** Hurts a cluster and heals it, one fault after the other, by a schedule that its seed decides. */
export class Nemesis {
  readonly bands: Band[] = [];
  /** What should not have happened, apart from what clients saw: a sentence each. */
  readonly problems: string[] = [];
  readonly #cluster: Cluster;
  readonly #names: readonly FaultName[];
  readonly #random: Random;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  /** @param now microseconds of the history's clock. */
  constructor(cluster: Cluster, names: readonly FaultName[], random: Random, now: () => number) {
    this.#cluster = cluster;
    this.#names = names;
    this.#random = random;
    this.#now = now;
  }

  /** @param runMs how long the clients will run. */
  start(runMs: number): void {
    const unit = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, runMs / (2 * FAULTS_PER_RUN)));
    if (this.#names.length > 0) this.#running = this.#run(unit);
  }

  /** Heals what is hurt, and returns once all nodes serve. A problem if they do not. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#try(() => this.#cluster.ready(READY_WITHIN_MS), "after all faults were healed, not every node served");
    this.#noticeEnded();
  }

  async #run(unit: number): Promise<void> {
    await this.#rest(unit / 2);
    for (let turn = 0; !this.#stop.signal.aborted; turn += 1) {
      const random = this.#random.split(turn);
      // Each kind in its turn: a short run sees all of them.
      const name = this.#names[turn % this.#names.length] as FaultName;
      await this.#inflict(name, random, unit);
      await this.#rest(random.between(unit / 4, unit));
    }
  }

  async #inflict(name: FaultName, random: Random, unit: number): Promise<void> {
    this.#noticeEnded();
    const from = this.#now();
    let injury: Injury | undefined;
    await this.#try(async () => {
      injury = await HARMS[name](this.#cluster, random);
    }, `${name} could not be done`);
    if (injury === undefined) return;
    await this.#rest(random.between(unit / 2, unit * 1.5));
    const { about, heal } = injury;
    await this.#try(heal, about);
    this.bands.push({ name, about, from, to: this.#now() });
  }

  /** A node that ended although nobody ended it: told, and started again. */
  #noticeEnded(): void {
    for (const node of this.#cluster.nodes) {
      if (!node.endedByItself) continue;
      this.problems.push(`${node.plan.name} ended by itself (${node.exit}): ${lastWords(node.log)}`);
      node.start();
    }
  }

  async #rest(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    if (!signal.aborted) await sleep(milliseconds, undefined, { signal }).catch(() => {});
  }

  async #try(action: () => Promise<void>, what: string): Promise<void> {
    await action().catch((error: Error) => {
      // A cluster's errors carry its nodes' logs, which are kept beside the report.
      this.problems.push(`${what}: ${error.message.split("\n", 1)[0]}`);
    });
  }
}

const MOST_WORDS = 300;

/** The last line that is one of an error, or the last of all, without the trace that hangs on it. */
function lastWords(log: string): string {
  const lines = log.trim().split("\n");
  const line = lines.findLast((said) => /error|fatal|panic|assert/i.test(said)) ?? lines.at(-1) ?? "";
  return line === "" ? "it said nothing" : (line.split("\\n", 1)[0] as string).slice(0, MOST_WORDS);
}
