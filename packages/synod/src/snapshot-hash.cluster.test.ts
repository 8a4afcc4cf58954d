/**
 * The same random writes, transactions and compactions give the same hashes in etcd and in Synod, at every revision that
 * may be asked for. Needs the program `etcd` (Debian: etcd-server).
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random } from "@synod/protocols/random";
import { Cluster } from "./cluster-test/cluster.ts";
import { GrpcClient } from "./cluster-test/grpc.ts";
import { etcd, synod } from "./cluster-test/programs.ts";
import { Fields, message } from "./cluster-test/protobuf.ts";

const SEED = "hashes";
const OPERATIONS = 1_500;
const COMPARE_EVERY = 60;
const PATIENCE_MS = 5_000;

const clusters: Cluster[] = [];
const clients: GrpcClient[] = [];

before(async () => {
  for (const program of [etcd, synod]) {
    const cluster = await Cluster.start(program, 1);
    clusters.push(cluster);
    clients.push(new GrpcClient(cluster.addresses[0]!));
  }
});

after(async () => {
  for (const client of clients) client.close();
  for (const cluster of clusters) await cluster.destroy();
});

/** What a server said: its error, or the fields that must be the same. */
async function both(method: string, request: Uint8Array, read: (reply: Fields) => unknown): Promise<unknown> {
  const answers = await Promise.all(
    clients.map(async (client) => {
      const reply = await client.unary(`/etcdserverpb.${method}`, request, PATIENCE_MS);
      return reply.type === "ok" ? read(new Fields(reply.message)) : reply;
    }),
  );
  assert.deepEqual(answers[1], answers[0], method);
  return answers[0];
}

const revisionOf = (reply: Fields): number => reply.message(1).number(3);

async function compareHashes(random: Random, revision: number): Promise<void> {
  for (const at of [0, random.below(revision + 3), Math.max(1, revision - random.below(30))]) {
    await both("Maintenance/HashKV", message([1, at]), (reply) => ({
      revision: revisionOf(reply),
      hash: reply.unsigned(2),
      compacted: reply.number(3),
    }));
  }
}

const keyOf = (random: Random): string => `k${random.below(25)}`;

function put(random: Random, key: string): Uint8Array {
  const lease = random.below(4) === 0 ? 1 + random.below(3) : undefined;
  return message([1, key], [2, "v".repeat(random.below(60))], [3, lease]);
}

function deletion(random: Random, key: string): Uint8Array {
  return message([1, key], [2, random.below(3) === 0 ? "k2" : undefined]);
}

/** Puts and a deletion of distinct keys, some of them in a transaction within. */
function txn(random: Random): Uint8Array {
  const first = random.below(20);
  const puts = [0, 1, 2].map((n) => message([2, put(random, `k${first + n}`)]));
  const gone = message([3, message([1, `k${first + 4}`])]);
  const inner = message([4, message([2, message([2, put(random, `k${first + 3}`)])])]);
  return message(...[...puts, inner, gone].slice(random.below(3)).map((op) => [2, op] as const));
}

async function operate(random: Random, revision: number): Promise<unknown> {
  const dice = random.below(100);
  if (dice < 50) return both("KV/Put", put(random, keyOf(random)), revisionOf);
  if (dice < 65) return both("KV/DeleteRange", deletion(random, keyOf(random)), revisionOf);
  if (dice < 88) return both("KV/Txn", txn(random), revisionOf);
  if (dice < 90) return both("Lease/LeaseRevoke", message([1, 1 + random.below(3)]), revisionOf);
  if (dice < 95) return both("Lease/LeaseGrant", message([1, 9_000], [2, 1 + random.below(3)]), revisionOf);
  if (dice < 97) return both("KV/Compact", message([1, revision - random.below(20)], [2, true]), () => 0);
  return both("KV/DeleteRange", message([1, "k"], [2, random.below(3) === 0 ? "l" : "k1"]), revisionOf);
}

test("HashKV is etcd's, whatever was written, deleted and compacted", { timeout: 60_000 }, async () => {
  const random = new Random(SEED);
  for (const id of [1, 2, 3]) await both("Lease/LeaseGrant", message([1, 9_000], [2, id]), revisionOf);
  let revision = 1;
  for (let i = 0; i < OPERATIONS; i += 1) {
    const answer = await operate(random, revision);
    if (typeof answer === "number" && answer > 0) revision = answer;
    if (i % COMPARE_EVERY === 0) await compareHashes(random, revision);
  }
  // Nothing that could be read is left: etcd hashes what it still holds then.
  await both("KV/DeleteRange", message([1, "k"], [2, "l"]), revisionOf);
  await compareHashes(random, revision + 1);
});
