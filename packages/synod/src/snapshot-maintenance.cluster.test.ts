/**
 * The maintenance calls say the same in etcd and in Synod: alarms and what they forbid, hashes, defragmentation, moving the
 * leader. Needs the program `etcd` (Debian: etcd-server).
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster-test/cluster.ts";
import { EtcdApi, type NodeStatus } from "./cluster-test/etcd-api.ts";
import { Etcdctl, type Said } from "./cluster-test/etcdctl.ts";
import { GrpcClient } from "./cluster-test/grpc.ts";
import { etcd, type Program, synod } from "./cluster-test/programs.ts";
import { Fields, message } from "./cluster-test/protobuf.ts";

const PATIENCE_MS = 5_000;
const NOSPACE = 1;
const clusters: Cluster[] = [];
const clients: GrpcClient[] = [];
const controls: Etcdctl[] = [];

before(async () => {
  for (const program of [etcd, synod]) {
    const cluster = await Cluster.start(program, 1);
    clusters.push(cluster);
    clients.push(new GrpcClient(cluster.addresses[0]!));
    controls.push(new Etcdctl(cluster.addresses));
  }
});

after(async () => {
  for (const client of clients) client.close();
  for (const cluster of clusters) await cluster.destroy();
});

type Read = (reply: Fields) => unknown;
const nothing: Read = () => "ok";

/** Asks both; what they say must be the same. */
async function both(method: string, request: Uint8Array, read: Read = nothing): Promise<unknown> {
  const answers = await Promise.all(
    clients.map(async (client) => {
      const reply = await client.unary(`/etcdserverpb.${method}`, request, PATIENCE_MS);
      return reply.type === "ok" ? read(new Fields(reply.message)) : reply;
    }),
  );
  assert.deepEqual(answers[1], answers[0], method);
  return answers[0];
}

/** The same of etcdctl, without the numbers of members. */
async function told(...args: string[]): Promise<Said> {
  const said = await Promise.all(controls.map((control) => control.run(args)));
  const [expected, actual] = said.map(({ output, ...rest }) => ({
    output: output.replaceAll(/\d{10,}|127\.0\.0\.1:\d+/g, "ID"),
    ...rest,
  }));
  assert.deepEqual(actual, expected, args.join(" "));
  return expected!;
}

const alarms: Read = (reply) => reply.messages(2).map((alarm) => [alarm.unsigned(1), alarm.number(2)]);
const alarm = (action: number, member: bigint, kind: number): Promise<unknown> =>
  both("Maintenance/Alarm", message([1, action], [2, member], [3, kind]), alarms);

/** A put, transactions of all kinds, a lease, a read, a deletion, a compaction: which of them may be done. */
async function everything(): Promise<void> {
  const key = message([1, "k"]);
  const put = message([1, "k"], [2, "v"]);
  await both("KV/Put", put);
  await both("KV/Txn", message([2, message([2, put])]));
  await both("KV/Txn", message([3, message([2, put])]));
  await both("KV/Txn", message([2, message([1, key])], [2, message([3, key])]));
  await both("Lease/LeaseGrant", message([1, 600], [2, 5]));
  await both("Lease/LeaseRevoke", message([1, 5]));
  await both("KV/DeleteRange", key, (reply) => reply.number(2));
}

test("NOSPACE is raised, listed, obeyed and cleared as in etcd", async () => {
  await both("KV/Put", message([1, "k"], [2, "v"]));
  assert.deepEqual(await alarm(1, 77n, NOSPACE), [[77n, NOSPACE]]);
  await alarm(1, 77n, NOSPACE);
  await everything();
  await both("KV/Range", message([1, "k"]), (reply) => reply.number(4));
  await both("KV/Compact", message([1, 2], [2, true]));
  assert.deepEqual(await alarm(0, 0n, 0), [[77n, NOSPACE]]);
  assert.match((await told("alarm", "list")).output, /^memberID:\d+ alarm:NOSPACE/);
  await told("endpoint", "health");
  await told("put", "a", "b");
  await told("alarm", "disarm");
  await told("alarm", "list");
  await told("put", "a", "b");
  assert.deepEqual(await alarm(2, 77n, NOSPACE), [], "there is nothing left to clear");
});

test("CORRUPT lets nothing be changed", async () => {
  await alarm(1, 78n, 2);
  await everything();
  await told("alarm", "disarm");
  await everything();
});

test("a full store of three nodes raises the alarm, and clears it when there is room again", async () => {
  const small: Program = {
    ...synod,
    command(node, all) {
      const { file, arguments: rest } = synod.command(node, all);
      return { file, arguments: [...rest, "--quota-backend-bytes", "2000000"] };
    },
  };
  const cluster = await Cluster.start(small);
  try {
    const control = new Etcdctl(cluster.addresses);
    const api = new EtcdApi(cluster.addresses[1]!, PATIENCE_MS);
    let written = 0;
    while (written < 100 && (await api.put(`large/${written}`, "v".repeat(30_000))).type === "ok") written += 1;
    assert.ok(written > 60 && written < 70, `${written} of 30 kB went into 2 MB`);
    assert.match((await control.run(["put", "a", "b"])).error ?? "", /mvcc: database space exceeded/);
    assert.match((await control.run(["alarm", "list"])).output, /^memberID:\d+ alarm:NOSPACE $/m);
    assert.equal((await control.run(["del", "--prefix", "large/"])).output, `${written}\n`);
    const { revision } = ((await api.status()) as { value: NodeStatus }).value;
    await control.run(["compact", String(revision), "--physical"]);
    const deadline = performance.now() + 10_000;
    while ((await api.put("a", "b")).type !== "ok") {
      assert.ok(performance.now() < deadline, "the alarm stays");
      await sleep(50);
    }
    assert.equal((await control.run(["alarm", "list"])).output, "");
    api.close();
  } finally {
    await cluster.destroy();
  }
});

test("what cannot be moved or hashed is refused alike; defragmentation is done", async () => {
  await both("Maintenance/MoveLeader", message([1, 99]));
  await both("Maintenance/HashKV", message([1, 9_999]));
  await both("Maintenance/HashKV", message([1, 1]));
  await told("defrag");
  await told("endpoint", "hashkv");
});
