import { type Bytes, type KeyRange, toBytes, toRange } from "./bytes.ts";
import type { DeleteOptions, PutOptions, RangeOptions, RequestOptions } from "./messages/kv.ts";
import type { Compare, CompareResult, Operation, Txn, TxnResult } from "./messages/txn.ts";

/** What a transaction can do, as values: `op.put("a", "1")`. */
export const op: {
  get(keys: Bytes | KeyRange, options?: RangeOptions): Operation;
  put(key: Bytes, value: Bytes, options?: PutOptions): Operation;
  delete(keys: Bytes | KeyRange, options?: DeleteOptions): Operation;
  txn(txn: TxnBuilder): Operation;
} = {
  get: (keys, options = {}) => ({ type: "range", range: toRange(keys), options }),
  put: (key, value, options = {}) => ({ type: "put", key: toBytes(key), value: toBytes(value), options }),
  delete: (keys, options = {}) => ({ type: "delete", range: toRange(keys), options }),
  txn: (txn) => ({ type: "txn", txn: txn.build() }),
};

/** What it can ask before: `compare.version("a", "=", 0)` is "there is no a". Over a range: every key in it must comply. */
export const compare: {
  version(keys: Bytes | KeyRange, result: CompareResult, to: number): Compare;
  createRevision(keys: Bytes | KeyRange, result: CompareResult, to: number): Compare;
  modRevision(keys: Bytes | KeyRange, result: CompareResult, to: number): Compare;
  value(keys: Bytes | KeyRange, result: CompareResult, to: Bytes): Compare;
  lease(keys: Bytes | KeyRange, result: CompareResult, to: bigint): Compare;
} = {
  version: (keys, result, to) => ({ target: "version", range: toRange(keys), result, to }),
  createRevision: (keys, result, to) => ({ target: "createRevision", range: toRange(keys), result, to }),
  modRevision: (keys, result, to) => ({ target: "modRevision", range: toRange(keys), result, to }),
  value: (keys, result, to) => ({ target: "value", range: toRange(keys), result, to: toBytes(to) }),
  lease: (keys, result, to) => ({ target: "lease", range: toRange(keys), result, to }),
};

/** `when(…).do(…).else(…)` (not `then`, which would make it look like a promise): all at one revision, or nothing. */
export class TxnBuilder {
  readonly #compare: Compare[] = [];
  readonly #success: Operation[] = [];
  readonly #failure: Operation[] = [];
  readonly #commit: (txn: Txn, options: RequestOptions) => Promise<TxnResult>;

  constructor(commit: (txn: Txn, options: RequestOptions) => Promise<TxnResult>) {
    this.#commit = commit;
  }

  when(...compare: readonly Compare[]): this {
    this.#compare.push(...compare);
    return this;
  }

  /** Done if every comparison holds, or there is none. */
  do(...operations: readonly Operation[]): this {
    this.#success.push(...operations);
    return this;
  }

  else(...operations: readonly Operation[]): this {
    this.#failure.push(...operations);
    return this;
  }

  build(): Txn {
    return { compare: [...this.#compare], success: [...this.#success], failure: [...this.#failure] };
  }

  /** @throws SynodError */
  commit(options: RequestOptions = {}): Promise<TxnResult> {
    return this.#commit(this.build(), options);
  }
}
