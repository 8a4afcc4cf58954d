import { type History, NEVER_RETURNED, type OperationOutcome } from "../../history.ts";
import { random } from "../../oracle/random.ts";
import type { MicroOperation } from "../micro-operations.ts";
import type { Workload } from "../table.ts";
import type { IsolationLevel } from "./isolation-levels.ts";

interface Committed {
  readonly keys: readonly string[];
  readonly writes: ReadonlyMap<string, readonly number[]>;
  readonly sees: ReadonlySet<number>;
}

interface Running {
  process: number;
  readonly steps: MicroOperation[];
  readonly results: MicroOperation[];
  readonly writes: Map<string, number[]>;
  readonly reads: Set<string>;
  readonly sees: ReadonlySet<number>;
  readonly length: number;
  readonly call: number;
  return: number;
  outcome: OperationOutcome | "running";
  isOver: boolean;
  waits: number;
}

export interface DatabaseOptions {
  readonly seed: number;
  readonly workload: Workload;
  readonly level: IsolationLevel;
  readonly transactions: number;
  readonly clients: number;
  readonly keys: number;
  /** Of a hundred transactions, how many are given up by their client, and how many by the database. */
  readonly unknown: number;
  readonly aborted: number;
}

/** Steps that a transaction waits for a lock before it is aborted as deadlocked. */
const MOST_WAITS = 8;

/**
 * A database that runs transactions step by step, mixed at random, with exactly the freedom of its level: what a checker
 * says of its histories is known beforehand.
 */
export function simulate(options: DatabaseOptions): History {
  const database = new SimulatedDatabase(options);
  while (database.step());
  return database.history();
}

class SimulatedDatabase {
  readonly #options: DatabaseOptions;
  readonly #draw: (below: number) => number;
  readonly #log: Committed[] = [];
  readonly #all: Running[] = [];
  readonly #floor = new Map<number, number>();
  readonly #nextValue = new Map<string, number>();
  #running: Running[] = [];
  #processes: number[];
  #clock = 0;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#draw = random(options.seed);
    this.#processes = Array.from({ length: options.clients }, (_, client) => client);
  }

  /** Something happens. @returns false once all is done. */
  step(): boolean {
    this.#clock += this.#draw(2); // several things may happen at once
    const idle = this.#processes.filter((process) => !this.#running.some((one) => one.process === process));
    const mayBegin = this.#all.length < this.#options.transactions && idle.length > 0;
    if (mayBegin && (this.#running.length === 0 || this.#draw(4) === 0)) {
      this.#begin(idle[this.#draw(idle.length)]!);
      return true;
    }
    if (this.#running.length === 0) return false;
    this.#advance(this.#running[this.#draw(this.#running.length)]!);
    this.#running = this.#running.filter((one) => !one.isOver);
    return true;
  }

  history(): History {
    return this.#all.map(({ process, steps, results, call, return: returned, outcome }) => ({
      process,
      key: "",
      f: "txn",
      input: steps.map(([verb, key, value]): MicroOperation => [verb, key, verb === "r" ? null : value]),
      output: outcome === "ok" ? results : undefined,
      call,
      return: returned,
      outcome: outcome === "running" ? "unknown" : outcome,
    }));
  }

  #begin(process: number): void {
    const { level } = this.#options;
    // One client has one thing at a time under way, also by the clock.
    if (this.#all.some((other) => other.process === process && other.return === this.#clock)) this.#clock += 1;
    const floor = this.#floor.get(process) ?? 0;
    const sight = { log: this.#log, floor, draw: this.#draw };
    const transaction: Running = {
      process,
      steps: this.#plan(),
      results: [],
      writes: new Map(),
      reads: new Set(),
      sees: typeof level.sees === "string" ? new Set() : level.sees(sight),
      length: this.#log.length,
      call: this.#clock,
      return: NEVER_RETURNED,
      outcome: "running",
      isOver: false,
      waits: 0,
    };
    this.#running.push(transaction);
    this.#all.push(transaction);
  }

  #plan(): MicroOperation[] {
    const { workload, level, keys } = this.#options;
    const written = new Set<string>();
    return Array.from({ length: 1 + this.#draw(4) }, (): MicroOperation => {
      const key = String.fromCharCode(120 + this.#draw(keys));
      const mayRead = workload === "rw-register" || level.readsOwnLists || !written.has(key);
      if (mayRead && this.#draw(2) === 0) return ["r", key, null];
      const value = (this.#nextValue.get(key) ?? 0) + 1;
      this.#nextValue.set(key, value);
      written.add(key);
      return [workload === "rw-register" ? "w" : "append", key, value];
    });
  }

  #advance(transaction: Running): void {
    const { unknown, aborted } = this.#options;
    const chance = this.#draw(500); // several steps a transaction, so a fifth of the share at each
    if (chance < unknown && transaction.outcome === "running") this.#giveUp(transaction);
    else if (chance >= 500 - aborted) this.#end(transaction, false);
    else if (transaction.results.length < transaction.steps.length) this.#run(transaction);
    else this.#end(transaction, !this.#hasConflict(transaction));
  }

  /** The client hears no more of it and goes on as a new process; the transaction goes on as well. */
  #giveUp(transaction: Running): void {
    transaction.outcome = "unknown";
    const fresh = Math.max(...this.#processes) + 1;
    this.#processes = this.#processes.map((process) => (process === transaction.process ? fresh : process));
  }

  #run(transaction: Running): void {
    const { level, workload } = this.#options;
    const [verb, key, value] = transaction.steps[transaction.results.length]! as ["r" | "w", string, number];
    if (verb === "r") {
      transaction.reads.add(key);
      transaction.results.push(["r", key, this.#read(transaction, key)]);
      return;
    }
    const isLocked = this.#running.some((other) => other !== transaction && other.writes.has(key));
    if (level.locks && isLocked) {
      transaction.waits += 1;
      if (transaction.waits > MOST_WAITS) this.#end(transaction, false);
      return;
    }
    const before = workload === "rw-register" ? [] : (transaction.writes.get(key) ?? []);
    transaction.writes.set(key, [...before, value]);
    transaction.results.push([verb, key, value]);
  }

  #read(transaction: Running, key: string): number | null | readonly number[] {
    const { sees } = this.#options.level;
    const isSeen = (place: number): boolean => typeof sees === "string" || transaction.sees.has(place);
    const values = this.#log.flatMap(({ writes }, place) => (isSeen(place) ? (writes.get(key) ?? []) : []));
    const others = sees === "dirty" ? this.#running.filter((other) => other !== transaction) : [];
    for (const { writes } of [...others, transaction]) values.push(...(writes.get(key) ?? []));
    return this.#options.workload === "list-append" ? values : (values.at(-1) ?? null);
  }

  #hasConflict({ sees, writes, reads }: Running): boolean {
    const { conflicts } = this.#options.level;
    if (conflicts === "none" || writes.size === 0) return false;
    return this.#log.some(({ keys }, place) => {
      if (sees.has(place)) return false;
      return keys.some((key) => writes.has(key) || (conflicts === "reads and writes" && reads.has(key)));
    });
  }

  #end(transaction: Running, isCommitted: boolean): void {
    transaction.isOver = true;
    if (isCommitted && transaction.writes.size > 0) {
      const { writes, sees } = transaction;
      this.#log.push({ keys: [...writes.keys()], writes, sees });
    }
    if (transaction.outcome !== "running") return;
    transaction.outcome = isCommitted ? "ok" : "fail";
    transaction.return = this.#clock;
    if (!isCommitted) return;
    const seen = transaction.writes.size > 0 ? this.#log.length : transaction.sees.size;
    this.#floor.set(transaction.process, Math.max(seen, this.#floor.get(transaction.process) ?? 0));
  }
}
