/**
 * Transactions on three nodes of Synod and of etcd, in turns: `node bench/main.ts txn`. Each must take its first branch,
 * which writes; the other one only reads, so that the store's revision tells of every one that failed.
 */
import { EtcdApi } from "synod/cluster-test/etcd-api";
import { type Field, message } from "synod/cluster-test/protobuf";
import { compareRequests, type StoreRequest } from "./kv-load.ts";
import { options } from "./options.ts";

const GUARD = "guard";
const OWNER = "owner-0001";
const VALUE = "v".repeat(256);

/** Compare: result EQUAL = 0 (left out), target VALUE = 3, key, value = field 7. */
const OWNED = message([2, 3], [3, GUARD], [7, OWNER]);
/** Compare: result GREATER = 1, target VERSION = 0 (left out), version = field 4: the key exists. */
const EXISTS = message([1, 1], [3, GUARD]);
/** RequestOp: a Range, a Put. */
const read = (key: string): Uint8Array => message([1, message([1, key])]);
const put = (key: string): Uint8Array => message([2, message([1, key], [2, VALUE])]);

function txn(verb: string, compare: readonly Uint8Array[], success: readonly Uint8Array[]): StoreRequest {
  const fields = (number: number, parts: readonly Uint8Array[]): Field[] => parts.map((part) => [number, part]);
  const bytes = message(...fields(1, compare), ...fields(2, success), [3, read(GUARD)]);
  return { verb, method: "/etcdserverpb.KV/Txn", message: bytes, revisions: 1, constantReply: false };
}

const TENS = Array.from({ length: 10 }, (_, index) => `key0000${index}`);
const SHAPES: Readonly<Record<string, StoreRequest>> = {
  guarded: txn("1 compare, 1 put", [OWNED], [put("key00001")]),
  mixed: txn("2 compares, 2 puts, 1 read", [OWNED, EXISTS], [put("key00001"), put("key00002"), read("key00001")]),
  wide: txn("1 compare, 10 puts", [OWNED], TENS.map(put)),
};

const DEFAULTS = {
  rounds: "2",
  seconds: "1.5",
  loads: "1x1,4x25,100x1",
  shapes: "guarded,mixed,wide",
  programs: "etcd,synod",
  warmup: "10000",
};

export async function main(args: readonly string[]): Promise<void> {
  const settings = options(DEFAULTS, args);
  const requests = settings.shapes.split(",").map((name) => {
    const shape = SHAPES[name];
    if (shape === undefined) throw new Error(`"${name}" is none of ${Object.keys(SHAPES).join(", ")}`);
    return shape;
  });
  await compareRequests("txn", requests, settings, async (address) => {
    const api = new EtcdApi(address, 5000);
    const answer = await api.put(GUARD, OWNER);
    api.close();
    if (answer.type !== "ok") throw new Error(`the guard was not put: ${JSON.stringify(answer)}`);
  });
}
