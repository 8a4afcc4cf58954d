import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { decodeUtf8, encodeUtf8 } from "@synod/wire/utf8";
import { decodeHeader } from "../../api/header.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "../../api/lease.ts";
import { encodeLockRequest, encodeUnlockRequest } from "../../api/lock.ts";
import { Opcode } from "../../state-machine.ts";
import { AuthNode, type Made } from "../testing/auth-node.ts";
import { type Call, type Reply, StoreServer } from "../testing/store-server.ts";

const SECOND = 1_000_000;

let server: StoreServer;
beforeEach(async () => {
  server = await StoreServer.start();
});
afterEach(() => server.close());

const name = encodeUtf8("door");

function lock(lease: bigint): Call {
  const call = server.open("/v3lockpb.Lock/Lock");
  call.send((w) => encodeLockRequest(w, { name, lease }));
  call.end();
  return call;
}

async function lockedBy(call: Call): Promise<{ key: string; revision: number; token: number }> {
  const reader = await call.next();
  assert.ok(reader, (await call.status).text);
  let key = "";
  let revision = 0;
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeader(reader).revision;
    else key = decodeUtf8(reader.bytes());
  }
  assert.deepEqual(await call.status, { code: 0, text: "" });
  return { key, revision, token: Number(call.headers["synod-fencing-token"]) };
}

const unlock = (key: string): Promise<Reply> =>
  server.call("/v3lockpb.Lock/Unlock", (w) => encodeUnlockRequest(w, encodeUtf8(key)));
const grant = (id: bigint): Promise<Reply> =>
  server.call("/etcdserverpb.Lease/LeaseGrant", (w) => encodeLeaseGrantRequest(w, { ttl: 10, id }));
const revoke = (id: bigint): Promise<Reply> =>
  server.call("/etcdserverpb.Lease/LeaseRevoke", (w) => encodeLeaseId(w, id));

function keys(): string[] {
  const all = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };
  return server.machine.model.range(all).kvs.map(({ key }) => decodeUtf8(key));
}

/** Waits for what the server does by itself, in its own turns. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (holds()) return;
    await turn();
  }
  assert.fail("it did not come to that");
}

test("who came first holds the lock, the others follow in order, each with a larger token", async () => {
  for (const id of [10n, 11n, 12n]) await grant(id);
  const first = await lockedBy(lock(10n));
  assert.equal(first.key, "door/a");
  assert.equal(first.token, first.revision);
  const second = lock(11n);
  await until(() => keys().length === 2);
  const third = lock(12n);
  await until(() => keys().length === 3);
  const { proposed, reads } = server.group;
  await turn();
  assert.deepEqual([server.group.proposed, server.group.reads], [proposed, reads], "who waits does not ask");
  await unlock(first.key);
  const { key, token } = await lockedBy(second);
  assert.deepEqual([key, keys()], ["door/b", ["door/b", "door/c"]]);
  await revoke(11n);
  const last = await lockedBy(third);
  assert.deepEqual([last.key, keys()], ["door/c", ["door/c"]]);
  assert.ok(first.token < token && token < last.token);
});

test("the same lease has the lock already", async () => {
  await grant(10n);
  const { key, token } = await lockedBy(lock(10n));
  const again = await lockedBy(lock(10n));
  assert.deepEqual([again.key, again.token], [key, token]);
});

test("a call that is cancelled takes its place back, and nobody else's", async () => {
  for (const id of [10n, 11n, 12n]) await grant(id);
  const first = await lockedBy(lock(10n));
  const second = lock(11n);
  await until(() => keys().length === 2);
  const third = lock(12n);
  await until(() => keys().length === 3);
  second.stream.close();
  await until(() => keys().length === 2);
  assert.deepEqual(keys(), ["door/a", "door/c"]);
  await unlock(first.key);
  assert.equal((await lockedBy(third)).key, "door/c");
});

test("a call that is cancelled before it is in the queue leaves neither key nor lease", () => {
  const node = new AuthNode();
  node.apply(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl: 10, id: 10n }));
  for (const lease of [10n, 0n]) {
    const { stream } = node.begin("/v3lockpb.Lock/Lock", undefined, (w) => encodeLockRequest(w, { name, lease }));
    node.calls.cancel(stream);
    node.run();
  }
  const { model } = node.store.machine;
  assert.ok(model.revision > 1, "it had been put in the queue");
  assert.deepEqual([model.keyCount, model.leaseLeases()], [0, [10n]]);
});

test("who may not write the key, or not read the queue, does not get into it", () => {
  const node = AuthNode.withUsers();
  const alice = node.signIn("alice");
  node.apply(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl: 10, id: 10n }));
  const ask = (text: string, token: string | undefined): Made =>
    node.call("/v3lockpb.Lock/Lock", token, (w) => encodeLockRequest(w, { name: encodeUtf8(text), lease: 10n }));
  assert.deepEqual(ending(ask("a-door", alice)), [0, ""]);
  assert.deepEqual(ending(ask("b-door", alice)), [2, "etcdserver: permission denied"]);
  assert.deepEqual(ending(ask("a-door", undefined)), [3, "etcdserver: user name is empty"]);
  const key = encodeUtf8("b-door/a");
  const taken = node.call("/v3lockpb.Lock/Unlock", alice, (w) => encodeUnlockRequest(w, key));
  assert.deepEqual(ending(taken), [2, "etcdserver: permission denied"]);
});

test("who waits while its rights are taken away waits no longer", () => {
  const node = AuthNode.withUsers();
  const [root, alice] = [node.signIn("root"), node.signIn("alice")];
  for (const id of [10n, 11n]) node.apply(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl: 10, id }));
  const ask = (token: string, lease: bigint): Made =>
    node.call("/v3lockpb.Lock/Lock", token, (w) => encodeLockRequest(w, { name: encodeUtf8("a-door"), lease }));
  assert.deepEqual(ending(ask(root, 10n)), [0, ""]);
  const waiting = ask(alice, 11n);
  assert.equal(waiting.code, undefined);
  node.takeRole("alice", "r");
  node.service.tick();
  node.run();
  assert.deepEqual(ending(waiting), [2, "etcdserver: permission denied"]);
});

const ending = ({ code, text }: Made): [number | undefined, string] => [code, text];

test("who waits and loses its lease hears of it at once, and does not get the lock", async () => {
  for (const id of [10n, 11n]) await grant(id);
  await lockedBy(lock(10n));
  const second = lock(11n);
  await until(() => keys().length === 2);
  await revoke(11n);
  assert.deepEqual(await second.status, { code: 2, text: "mutex: session is expired" });
  assert.deepEqual(keys(), ["door/a"]);
});

test("the last look at the own key is fresh: it was gone when this node had not heard of it", async () => {
  for (const id of [10n, 11n]) await grant(id);
  const first = await lockedBy(lock(10n));
  const second = lock(11n);
  await until(() => keys().length === 2);
  const { reads } = server.group;
  server.group.onRead = () => {
    server.group.onRead = undefined;
    server.machine.model.leaseRevoke(11n, server.group.time);
  };
  await unlock(first.key);
  assert.deepEqual(await second.status, { code: 2, text: "mutex: session is expired" });
  assert.equal(server.group.reads, reads + 1);
});

test("a lease that the server made lives while the connection does, and ends with the lock", async () => {
  const { key } = await lockedBy(lock(0n));
  assert.equal(server.machine.model.leaseCount, 1);
  for (let quarter = 0; quarter < 12; quarter++) {
    server.now += 15 * SECOND;
    server.group.time += 15 * SECOND;
    server.service.tick();
    await turn();
    await turn();
  }
  assert.deepEqual(keys(), [key], "three times its time to live have gone by");
  await unlock(key);
  await until(() => server.machine.model.leaseCount === 0);
  assert.deepEqual([keys(), server.service.sessionLeases.count], [[], 0]);
});

test("without its connection such a lease runs out, and not before its time", async () => {
  const { key } = await lockedBy(lock(0n));
  server.client.destroy();
  await until(() => server.service.sessionLeases.count === 0);
  for (let second = 0; second < 59; second++) await pass(SECOND);
  assert.deepEqual(keys(), [key]);
  await pass(2 * SECOND);
  await until(() => keys().length === 0);
});

async function pass(time: number): Promise<void> {
  server.now += time;
  server.group.time += time;
  server.service.tick();
  await turn();
  await turn();
}

test("a key that another way deleted frees the server's lease at the next beat", async () => {
  const { key } = await lockedBy(lock(0n));
  server.machine.model.deleteRange({ key: encodeUtf8(key) }, server.group.time);
  await pass(15 * SECOND);
  await until(() => server.machine.model.leaseCount === 0);
});

test("waiting without a lease of one's own, cancelled, leaves neither key nor lease", async () => {
  await lockedBy(lock(0n));
  const second = lock(0n);
  await until(() => keys().length === 2);
  second.stream.close();
  await until(() => server.machine.model.leaseCount === 1);
  assert.equal(keys().length, 1);
});

test("what the store refuses is Unknown, with the store's text", async () => {
  assert.deepEqual(await lock(999n).status, { code: 2, text: "etcdserver: requested lease not found" });
  const { code, text } = await unlock("");
  assert.deepEqual([code, text], [2, "etcdserver: key is not provided"]);
  assert.equal((await unlock("nobody/1")).code, 0);
});
