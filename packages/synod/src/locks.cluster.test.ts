/** Locks, elections and levels of consistency on real processes; etcd's own services are the second opinion. */
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster-test/cluster.ts";
import { framed } from "./cluster-test/grpc.ts";
import { etcd, synod } from "./cluster-test/programs.ts";
import { Fields, message } from "./cluster-test/protobuf.ts";

const TIMEOUT = { timeout: 60_000 };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const GIVE_UP_MS = 8000;

type Json = Readonly<Record<string, unknown>>;
interface LeaderAnswer {
  readonly kv: { readonly key: string; readonly create_revision: string };
}

/** One call of the JSON gateway. Ids and terms are each server's own, details are of newer versions. */
async function ask(address: string, path: string, body: Json): Promise<unknown> {
  const response = await fetch(`http://${address}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });
  const { header, details, ...rest } = (await response.json()) as { header?: { revision?: string }; details?: unknown };
  return [response.status, header?.revision, rest];
}

/** Everything that locks and elections do, as one client of one server sees it. */
async function script(address: string): Promise<unknown[]> {
  const told: unknown[] = [];
  const say = async (path: string, body: Json): Promise<void> => void told.push([path, await ask(address, path, body)]);
  /** A call that has to wait, and what it was told in the end. */
  const later = async (path: string, body: Json): Promise<() => Promise<void>> => {
    const answer = ask(address, path, body);
    await sleep(150);
    return async () => void told.push([path, await answer]);
  };
  const [door, chair] = [base64("door"), base64("chair")];
  for (const ID of ["77", "78"]) await say("lease/grant", { TTL: "100", ID });
  await say("lock/lock", { name: door, lease: "77" });
  await say("lock/lock", { name: door, lease: "77" });
  await say("lock/lock", { name: door, lease: "999" });
  await say("lock/lock", { lease: "77" });
  await say("lock/unlock", {});
  await say("lock/unlock", { key: base64("nobody") });
  const second = await later("lock/lock", { name: door, lease: "78" });
  await say("lock/unlock", { key: base64("door/4d") });
  await second();
  await say("election/leader", { name: chair });
  await say("election/campaign", { name: chair, lease: "77", value: base64("Ada") });
  await say("election/campaign", { name: chair, lease: "77", value: base64("Ada again") });
  await say("election/campaign", { name: chair, lease: "999" });
  await say("election/leader", { name: chair });
  const { kv } = ((await ask(address, "election/leader", { name: chair })) as [number, string, LeaderAnswer])[2];
  const leader = { name: chair, key: kv.key, rev: kv.create_revision, lease: "77" };
  await say("election/proclaim", { leader, value: base64("Ada speaks") });
  await say("election/proclaim", { leader: { ...leader, rev: "3" }, value: base64("too late") });
  await say("election/proclaim", { value: base64("nobody") });
  await say("election/proclaim", { leader: {} });
  await say("election/resign", {});
  await say("election/resign", { leader: { ...leader, rev: "3" } });
  const next = await later("election/campaign", { name: chair, lease: "78", value: base64("Bob") });
  await say("election/resign", { leader });
  await next();
  await say("election/leader", { name: chair });
  return told;
}

test("locks and elections are told the same as by etcd", TIMEOUT, async () => {
  const [theirs, ours] = await Promise.all([Cluster.start(etcd, 1), Cluster.start(synod, 1)]);
  try {
    const [wanted, told] = await Promise.all(
      [theirs, ours].map(({ addresses: [address] }) => script(address as string)),
    );
    assert.deepEqual(told, wanted);
    // etcd 3.4 lets in whose key is gone (etcd issue 11456).
    const [theirAddress, ourAddress] = [theirs.addresses[0] as string, ours.addresses[0] as string];
    assert.deepEqual(await lockTooLate(theirAddress), [200, undefined]);
    assert.deepEqual(await lockTooLate(ourAddress), [500, "mutex: session is expired"]);
  } finally {
    await Promise.all([theirs.destroy(), ours.destroy()]);
  }
});

/** Waits for a lock with a lease that is gone before the lock is free. */
async function lockTooLate(address: string): Promise<unknown> {
  const name = base64("late");
  for (const ID of ["87", "88"]) await ask(address, "lease/grant", { TTL: "100", ID });
  await ask(address, "lock/lock", { name, lease: "87" });
  const answer = ask(address, "lock/lock", { name, lease: "88" });
  await sleep(150);
  await ask(address, "lease/revoke", { ID: "88" });
  await ask(address, "lock/unlock", { key: base64("late/57") });
  const [status, , { error }] = (await answer) as [number, string, Json];
  return [status, error];
}

interface Read {
  readonly code: number;
  readonly value: string | undefined;
  readonly level: unknown;
  readonly stalenessMs: number;
  readonly tookMs: number;
}

/** A read of `k` that says how fresh it is to be. */
function read(address: string, level: string, more: Record<string, string> = {}): Promise<Read> {
  const session = connect(`http://${address}`);
  const began = performance.now();
  return new Promise<Read>((resolve) => {
    const call = session.request({
      ...{ ":method": "POST", ":path": "/etcdserverpb.KV/Range", "content-type": "application/grpc", te: "trailers" },
      "synod-consistency": level,
      ...more,
    });
    let fields: Record<string, unknown> = {};
    let bytes: Buffer = Buffer.alloc(0);
    const note = (more: object): void => {
      fields = { ...fields, ...more };
    };
    call.on("response", note);
    call.on("trailers", note);
    call.on("error", () => {});
    call.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    call.on("close", () => {
      session.destroy();
      const [kv] = bytes.length > 5 ? new Fields(bytes.subarray(5)).messages(2) : [];
      resolve({
        code: Number(fields["grpc-status"] ?? -1),
        value: kv?.text(5),
        level: fields["synod-consistency"],
        stalenessMs: Number(fields["synod-staleness-ms"]),
        tookMs: performance.now() - began,
      });
    });
    call.end(framed(message([1, "k"])));
  });
}

const bounded = (milliseconds: number): Record<string, string> => ({ "synod-max-staleness": String(milliseconds) });

test("a follower that is cut off is as stale as its readers allow, and no staler", TIMEOUT, async (t) => {
  const cluster = await Cluster.start(synod);
  try {
    const leader = await cluster.leader();
    const follower = cluster.nodes.find((node) => node !== leader)!;
    const put = (value: string): Promise<unknown> =>
      ask(leader.address, "kv/put", { key: base64("k"), value: base64(value) });
    await put("old");
    const asked = performance.now();
    assert.equal((await read(follower.address, "linearizable")).value, "old");
    assert.deepEqual(pick(await read(follower.address, "bounded", bounded(5000))), [0, "old", "bounded"]);
    cluster.isolate(follower.plan.id, "blackHole");
    const [, revision] = (await put("new")) as [number, string];
    assert.deepEqual(pick(await read(follower.address, "serializable")), [0, "old", "serializable"]);
    const within = await read(follower.address, "bounded", bounded(5000));
    assert.deepEqual(pick(within), [0, "old", "bounded"]);
    assert.ok(
      within.stalenessMs > 0 && within.stalenessMs <= performance.now() - asked + 1,
      "it may be stale, and says how much",
    );
    const sessions = read(follower.address, "session", { "synod-session-revision": revision });
    await sleep(150);
    const beyond = read(follower.address, "bounded", bounded(100));
    await sleep(500);
    cluster.heal();
    const [waited, upgraded] = await Promise.all([sessions, beyond]);
    assert.deepEqual(pick(waited), [0, "new", "session"]);
    assert.ok(waited.tookMs > 400, "it waited for the revision that its client had seen");
    t.diagnostic(`beyond its bound: ${JSON.stringify(upgraded)}`);
    if (upgraded.code === 0) assert.deepEqual(pick(upgraded), [0, "new", "linearizable"]);
    else assert.equal(upgraded.code, 14);
  } finally {
    await cluster.destroy();
  }
});

const pick = ({ code, value, level }: Read): unknown[] => [code, value, level];
