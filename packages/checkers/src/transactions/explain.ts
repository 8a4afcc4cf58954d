import type { ViolationEdge } from "../verdict.ts";
import { nameOf, type Step } from "./cycles.ts";
import type { Evidence } from "./direct.ts";
import type { Finding } from "./findings.ts";
import { KIND_NAMES, PROCESS, REALTIME, WR, WW, WW_PROCESS, WW_REALTIME } from "./graph.ts";
import { READ } from "./table.ts";
import { causes, explainOrder } from "./version-circles.ts";
import type { VersionOrder } from "./versions.ts";

/** What a kind of cycle is, in a few words. */
const MEANING: Readonly<Record<string, string>> = {
  G0: "a cycle of writes alone",
  G1c: "a cycle of what was written and read",
  "G-single": "a cycle with exactly one read that missed a write",
  "G-nonadjacent": "a cycle in which no two reads that missed a write follow each other",
  "long fork": "two readers who disagree on which of two writes came first",
  "G2-item": "a cycle with reads that missed writes",
};

const LEVEL_MEANING: Readonly<Record<string, string>> = {
  process: ", going by the order of each client",
  realtime: ", going by real time",
};

/** Puts a cycle into plain English. Transactions are named T1, T2… in order of call. */
export class Explainer {
  readonly #evidence: Evidence;
  readonly #order: VersionOrder | undefined;

  /** @param order of registers' versions; undefined for lists. */
  constructor(evidence: Evidence, order: VersionOrder | undefined) {
    this.#evidence = evidence;
    this.#order = order;
  }

  cycle(shown: string, steps: readonly Step[]): Omit<Finding, "anomaly" | "rules"> {
    const { table, tell } = this.#evidence;
    const transactions = steps
      .map(({ from }) => from)
      .filter((row, place, rows) => rows.indexOf(row) === place)
      .sort((a, b) => table.call.array[a]! - table.call.array[b]! || a - b);
    const place = (row: number): number => transactions.indexOf(row);
    const name = (row: number): string => (place(row) < 0 ? tell.who(row) : `T${place(row) + 1}`);
    const edges = steps.map((step): ViolationEdge => {
      const because = this.#because(step, name);
      return { from: place(step.from), to: place(step.to), kind: KIND_NAMES[step.kind]!, because };
    });
    const [base, level] = shown.startsWith("long")
      ? [shown]
      : (nameOf(steps)
          .match(/^(.*?)(?:-(process|realtime))?$/)
          ?.slice(1) ?? []);
    const who = transactions.map((row) => `${name(row)} is ${tell.who(row)}`).join("; ");
    const chain = edges.map(({ from, to, because }) => `T${from + 1} came before T${to + 1}: ${because}.`).join(" ");
    const first = `T${edges[0]!.from + 1}`;
    const reason = `${shown}: ${MEANING[base!]}${LEVEL_MEANING[level ?? ""] ?? ""}. ${who}. ${chain} So ${first} came before itself: a contradiction.`;
    return { reason, transactions, edges };
  }

  #because(step: Step, name: (row: number) => string): string {
    const { table, tell } = this.#evidence;
    const { from, to, kind } = step;
    if (kind === PROCESS) return `process ${tell.process(from)} ran ${name(from)} and then ${name(to)}`;
    if (kind === REALTIME) {
      return `${name(from)} had returned at ${table.return.array[from]} before ${name(to)} was called at ${table.call.array[to]}`;
    }
    if (kind === WR) return this.#wroteWhatWasRead(step, name);
    if (table.workload === "rw-register") return this.#registerOverwritten(step, name);
    return kind === WW ? this.#appendedAfter(step, name) : this.#missedAppend(step, name);
  }

  #wroteWhatWasRead({ from, to, witness }: Step, name: (row: number) => string): string {
    const { table, tell, writers } = this.#evidence;
    const op = this.#externalRead(to, table.elements.key.array[witness]!, (one) => {
      if (table.workload === "rw-register") return table.opValue.array[one] === witness;
      return table.opValue.array[one]! > writers.position[witness]!;
    });
    const verb = table.workload === "rw-register" ? "wrote" : "appended";
    return `${name(to)} read ${tell.read(op)}, and ${name(from)} ${verb} the ${tell.value(witness)}`;
  }

  #appendedAfter({ from, to, witness }: Step, name: (row: number) => string): string {
    const { table, tell, writers } = this.#evidence;
    const key = table.elements.key.array[witness]!;
    const list = table.longest[key]!;
    const position = writers.position[witness]!;
    let before = (position < 0 ? list.length : position) - 1;
    while (before >= 0 && writers.writer[list[before]!] !== from) before -= 1;
    const earlier = tell.value(list[before]!);
    const what = `${name(to)} appended ${tell.value(witness)} to ${tell.key(key)} after ${name(from)} had appended ${earlier}`;
    if (position >= 0) return `${what}, because ${tell.order(witness, position)}`;
    return `${what}, because ${tell.order(list.at(-1)!, list.length - 1)}, without the ${tell.value(witness)}`;
  }

  #missedAppend({ from, to, witness }: Step, name: (row: number) => string): string {
    const { table, tell, writers } = this.#evidence;
    const key = table.elements.key.array[witness]!;
    const position = writers.position[witness]!;
    const op = this.#externalRead(from, key, (one) => position < 0 || table.opValue.array[one]! <= position);
    const missed = `${name(from)} read ${tell.read(op)}, without the ${tell.value(witness)} that ${name(to)} appended`;
    return position < 0 ? missed : `${missed} next (${tell.order(witness, position)})`;
  }

  #registerOverwritten({ from, to, kind, witness }: Step, name: (row: number) => string): string {
    const { table, tell } = this.#evidence;
    const order = this.#order!;
    const newer = order.graph.target[witness]!;
    const older = sourceOf(order, witness);
    const isInitial = older >= table.elements.length;
    const key = tell.key(table.elements.key.array[newer]!);
    const shown = causes(order, order.graph.witness[witness]!);
    const value = isInitial ? JSON.stringify(table.initial) : tell.value(older);
    const why = explainOrder(name, order.graph.kind[witness]!, shown, [value, tell.value(newer)]);
    const isWrite = kind === WW || kind === WW_PROCESS || kind === WW_REALTIME;
    const verb = isWrite ? "wrote" : "read";
    return `${name(from)} ${verb} ${key} = ${value}, which is older than the ${tell.value(newer)} that ${name(to)} wrote, because ${why}`;
  }

  #externalRead(row: number, key: number, fits: (op: number) => boolean): number {
    const { table, external } = this.#evidence;
    for (let op = table.first.array[row]!; op < table.end(row); op += 1) {
      const isRead = external[op] === 1 && table.opKind.array[op] === READ;
      if (isRead && table.opKey.array[op] === key && fits(op)) return op;
    }
    return table.first.array[row]!;
  }
}

/** The version that an edge of the order leaves from. */
function sourceOf({ graph }: VersionOrder, edge: number): number {
  let low = 0;
  let high = graph.nodes;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (graph.start[middle]! <= edge) low = middle;
    else high = middle;
  }
  return low;
}
