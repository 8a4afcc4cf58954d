import type { EtcdApi, KeyState } from "../cluster/etcd-api.ts";
import { type Field, Fields, message } from "../cluster/protobuf.ts";
import { type Ended, endedBy } from "./history-log.ts";

/** A condition of a transaction, all of them equalities. `mod` and `create` are revisions, 0 for a key that is not there. */
export type Compare =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly mod: number }
  | { readonly key: string; readonly create: number };

export type Op =
  | { readonly get: string }
  | { readonly put: string; readonly value: string; readonly lease?: number }
  | { readonly delete: string };

export interface TxnAnswer {
  readonly succeeded: boolean;
  /** The store's revision: that of the transaction, if it wrote. */
  readonly revision: number;
  /** What each `get` found, in the order of the operations; undefined for the others. */
  readonly found: readonly (KeyState | undefined)[];
}

/** etcd's `KV.Txn`: `ops` are done, as one, if all of `compares` hold; nothing otherwise. */
export async function txn(api: EtcdApi, compares: readonly Compare[], ops: readonly Op[]): Promise<Ended<TxnAnswer>> {
  const request = message(
    ...compares.map((compare): Field => [1, encodeCompare(compare)]),
    ...ops.map((op): Field => [2, encodeOp(op)]),
  );
  return endedBy(await api.call("KV/Txn", request, readAnswer));
}

function encodeCompare(compare: Compare): Uint8Array {
  if ("value" in compare) return message([2, 3], [3, compare.key], [7, compare.value]);
  if ("mod" in compare) return message([2, 2], [3, compare.key], [6, compare.mod]);
  return message([2, 1], [3, compare.key], [5, compare.create]);
}

function encodeOp(op: Op): Uint8Array {
  if ("get" in op) return message([1, message([1, op.get])]);
  if ("put" in op) return message([2, message([1, op.put], [2, op.value], [3, op.lease])]);
  return message([3, message([1, op.delete])]);
}

function readAnswer(reply: Fields): TxnAnswer {
  const found = reply.messages(3).map((response) => {
    const range = response.many(1)[0];
    if (range === undefined) return undefined;
    const [kv] = new Fields(range).messages(2);
    return kv === undefined ? { value: null, revision: 0 } : { value: kv.text(5), revision: kv.number(3) };
  });
  return { succeeded: reply.number(2) === 1, revision: reply.message(1).number(3), found };
}
