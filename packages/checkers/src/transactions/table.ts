import type { OperationOutcome } from "../history.ts";
import { Bytes, Doubles, Ints } from "./columns.ts";
import { Elements } from "./elements.ts";

/** What transactions are made of: appends to lists, or writes to registers; and reads. */
export type Workload = "list-append" | "rw-register";

export const OK = 0;
export const FAIL = 1;
export const UNKNOWN = 2;

/** A read of nobody knows what: its transaction was not answered. */
export const READ_UNKNOWN = 0;
/** A register: the element, or -1 for the initial value. A list: how many elements of the key's longest list. */
export const READ = 1;
/** A list that is no prefix of the key's longest list: where in `pool` its length and its elements are. */
export const READ_OTHER = 2;
/** A write or an append: its element. */
export const WRITE = 3;

/**
 * Transactions, as columns. Fill it row by row in any order of time: `begin`, then its micro-operations in the order in
 * which the transaction ran them. A reader of files can fill it without ever holding a history of objects.
 */
export class TransactionTable {
  readonly workload: Workload;
  /** What a register holds before its first write. */
  readonly initial: unknown;
  readonly processes: Doubles = new Doubles();
  readonly outcome: Bytes = new Bytes();
  readonly call: Doubles = new Doubles();
  readonly return: Doubles = new Doubles();
  /** The first micro-operation of each transaction. */
  readonly first: Ints = new Ints();
  readonly opKind: Bytes = new Bytes();
  readonly opKey: Ints = new Ints();
  readonly opValue: Ints = new Ints();
  readonly keys: (string | number)[] = [];
  readonly elements: Elements = new Elements();
  /** By key: the longest list that anybody read, as elements, and who read it (-1 for nobody). */
  readonly longest: number[][] = [];
  readonly longestReader: Ints = new Ints();
  readonly pool: Ints = new Ints();
  readonly #keyNumbers = new Map<string | number, number>();

  constructor(workload: Workload, initial: unknown = null) {
    this.workload = workload;
    this.initial = initial;
  }

  get length(): number {
    return this.processes.length;
  }

  /** One past the last micro-operation of a transaction. */
  end(transaction: number): number {
    return transaction + 1 < this.first.length ? this.first.array[transaction + 1]! : this.opKind.length;
  }

  /** Opens a row; the following micro-operations are its own. @returns its number. */
  begin(process: number, outcome: OperationOutcome, call: number, returned: number): number {
    this.processes.push(process);
    this.outcome.push(outcome === "ok" ? OK : outcome === "fail" ? FAIL : UNKNOWN);
    this.call.push(call);
    this.return.push(returned);
    this.first.push(this.opKind.length);
    return this.processes.length - 1;
  }

  /** Appends the value to the key's list, or writes it to the key's register. */
  write(key: string | number, value: unknown): void {
    const number = this.#key(key);
    this.#push(WRITE, number, this.elements.intern(number, value));
  }

  /** What a register answered. Ignored unless the transaction is `ok`. */
  readRegister(key: string | number, value: unknown): void {
    const number = this.#key(key);
    if (this.#unanswered()) return this.#push(READ_UNKNOWN, number, 0);
    const isInitial = value === this.initial || value === undefined;
    this.#push(READ, number, isInitial ? -1 : this.elements.intern(number, value));
  }

  /** What a list answered; null for a list that is not there yet. Ignored unless the transaction is `ok`. */
  readList(key: string | number, values: readonly unknown[] | null): void {
    const number = this.#key(key);
    if (this.#unanswered()) return this.#push(READ_UNKNOWN, number, 0);
    const list = values ?? [];
    const longest = this.longest[number]!;
    const shared = Math.min(list.length, longest.length);
    for (let place = 0; place < shared; place += 1) {
      if (!this.elements.isValue(longest[place]!, list[place])) return this.#pushOther(number, list);
    }
    for (let place = shared; place < list.length; place += 1) {
      longest.push(this.elements.intern(number, list[place]));
      this.longestReader.array[number] = this.length - 1;
    }
    this.#push(READ, number, list.length);
  }

  /** The elements of a list that was read, in order. */
  listRead(op: number): number[] {
    const value = this.opValue.array[op]!;
    if (this.opKind.array[op] === READ) return this.longest[this.opKey.array[op]!]!.slice(0, value);
    return Array.from(this.pool.array.subarray(value + 1, value + 1 + this.pool.array[value]!));
  }

  #pushOther(key: number, list: readonly unknown[]): void {
    this.#push(READ_OTHER, key, this.pool.length);
    this.pool.push(list.length);
    for (const value of list) this.pool.push(this.elements.intern(key, value));
  }

  #unanswered(): boolean {
    return this.outcome.array[this.length - 1] !== OK;
  }

  #push(kind: number, key: number, value: number): void {
    this.opKind.push(kind);
    this.opKey.push(key);
    this.opValue.push(value);
  }

  #key(name: string | number): number {
    const known = this.#keyNumbers.get(name);
    if (known !== undefined) return known;
    const number = this.keys.length;
    this.keys.push(name);
    this.longest.push([]);
    this.longestReader.push(-1);
    this.#keyNumbers.set(name, number);
    return number;
  }
}
