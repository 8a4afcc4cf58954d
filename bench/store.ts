/** Puts and linearizable reads on three nodes of Synod and of etcd, in turns: `node bench/main.ts store`. */
import { EtcdApi } from "synod/cluster-test/etcd-api";
import { message } from "synod/cluster-test/protobuf";
import { compareRequests, type StoreRequest } from "./kv-load.ts";
import { options } from "./options.ts";

const KEY = "key00001";
const VALUE = "v".repeat(256);

const REQUESTS: readonly StoreRequest[] = [
  {
    verb: "Range",
    method: "/etcdserverpb.KV/Range",
    message: message([1, KEY]),
    revisions: 0,
    constantReply: true,
  },
  {
    verb: "Put",
    method: "/etcdserverpb.KV/Put",
    message: message([1, KEY], [2, VALUE]),
    revisions: 1,
    constantReply: false,
  },
];

const DEFAULTS = {
  rounds: "3",
  seconds: "2",
  loads: "1x1,1x10,4x25,10x100,100x1",
  // Reads first: etcd 3.4 reads two to three times slower after a burst of writes, and is to be seen at its best.
  verbs: "Range,Put",
  programs: "etcd,synod",
  warmup: "20000",
};

export async function main(args: readonly string[]): Promise<void> {
  const settings = options(DEFAULTS, args);
  const requests = settings.verbs.split(",").map((verb) => {
    const request = REQUESTS.find((one) => one.verb === verb);
    if (request === undefined) throw new Error(`"${verb}" is none of Range and Put`);
    return request;
  });
  await compareRequests("store", requests, settings, async (address) => {
    const api = new EtcdApi(address, 5000);
    await api.put(KEY, VALUE);
    api.close();
  });
}
