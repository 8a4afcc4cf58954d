import { NEVER_RETURNED } from "../history.ts";
import { FAIL, OK, READ, type TransactionTable } from "./table.ts";

/** Elements of a long list that are shown: its end, where the news is. */
const SHOWN = 6;

/** Puts rows and elements of a table into words. */
export class Teller {
  readonly #table: TransactionTable;

  constructor(table: TransactionTable) {
    this.#table = table;
  }

  /** "process 7's transaction (412..430)". */
  who(transaction: number): string {
    const outcome = this.#table.outcome.array[transaction];
    const kind = outcome === OK ? "" : outcome === FAIL ? "failed " : "unanswered ";
    return `process ${this.process(transaction)}'s ${kind}transaction (${this.when(transaction)})`;
  }

  process(transaction: number): number {
    return this.#table.processes.array[transaction]!;
  }

  when(transaction: number): string {
    const returned = this.#table.return.array[transaction]!;
    const call = this.#table.call.array[transaction]!;
    return returned === NEVER_RETURNED ? `${call}..` : `${call}..${returned}`;
  }

  key(key: number): string {
    return String(this.#table.keys[key]);
  }

  value(element: number): string {
    return JSON.stringify(this.#table.elements.value(element)) ?? "undefined";
  }

  /** "x = 3" of an element. */
  pair(element: number): string {
    return `${this.key(this.#table.elements.key.array[element]!)} = ${this.value(element)}`;
  }

  list(elements: readonly number[]): string {
    const shown = elements.slice(-SHOWN).map((element) => this.value(element));
    return `[${elements.length > SHOWN ? "…, " : ""}${shown.join(", ")}]`;
  }

  /** What a micro-operation read: "x = [1, 2]" or "x = 4". */
  read(op: number): string {
    const table = this.#table;
    const key = this.key(table.opKey.array[op]!);
    if (table.workload === "list-append") return `${key} = ${this.list(table.listRead(op))}`;
    const element = table.opValue.array[op]!;
    return `${key} = ${table.opKind.array[op] === READ && element >= 0 ? this.value(element) : JSON.stringify(table.initial)}`;
  }

  /** The order of a key's elements as its longest read shows it, up to and with this element, and who read it. */
  order(element: number, position: number): string {
    const key = this.#table.elements.key.array[element]!;
    const list = this.#table.longest[key]!.slice(0, position + 1);
    return `process ${this.process(this.#table.longestReader.array[key]!)} read ${this.key(key)} = ${this.list(list)}`;
  }
}
