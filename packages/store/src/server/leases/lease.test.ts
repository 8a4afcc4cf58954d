import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import * as lease from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { decodeRangeResponse, encodeRangeRequest } from "../../api/range.ts";
import { type Reply, StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
before(async () => {
  server = await StoreServer.start();
});
after(() => server.close());

const SECOND = 1_000_000;
const ask = (method: string, encode: Parameters<StoreServer["call"]>[1]): Promise<Reply> =>
  server.call(`/etcdserverpb.Lease/${method}`, encode);

async function grant(ttl: number, id = 0n): Promise<lease.DecodedLeaseResponse> {
  return lease.decodeLeaseResponse(
    (await ask("LeaseGrant", (w) => lease.encodeLeaseGrantRequest(w, { ttl, id }))).message,
  );
}

async function remaining(id: bigint): Promise<lease.DecodedLeaseResponse> {
  const reply = await ask("LeaseTimeToLive", (w) => lease.encodeLeaseTimeToLiveRequest(w, { id, keys: true }));
  return lease.decodeLeaseResponse(reply.message);
}

async function count(key: string): Promise<number> {
  const reply = await server.call("/etcdserverpb.KV/Range", (w) => encodeRangeRequest(w, { key: encodeUtf8(key) }));
  return decodeRangeResponse(reply.message).count;
}

function attach(key: string, id: bigint): Promise<Reply> {
  return server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: encodeUtf8(key), lease: id }));
}

test("the server chooses an id where the client leaves it out; too short a TTL is lengthened", async () => {
  const granted = await grant(1);
  assert.notEqual(granted.id, 0n);
  assert.equal(granted.ttl, 2);
  const chosen = await grant(60, -7n);
  assert.deepEqual([chosen.id, chosen.ttl], [-7n, 60]);
  assert.equal((await ask("LeaseGrant", (w) => lease.encodeLeaseGrantRequest(w, { ttl: 60, id: -7n }))).code, 9);
  assert.equal((await ask("LeaseGrant", (w) => lease.encodeLeaseGrantRequest(w, { ttl: 9e9 + 1, id: 1n }))).code, 11);
});

test("time to live counts down in cluster time and lists the keys; a dead lease has -1", async () => {
  const { id } = await grant(30);
  await attach("ttl/b", id);
  await attach("ttl/a", id);
  server.group.time += 10 * SECOND;
  const { ttl, grantedTtl, keys } = await remaining(id);
  assert.deepEqual([ttl, grantedTtl], [20, 30]);
  assert.deepEqual(keys, [encodeUtf8("ttl/a"), encodeUtf8("ttl/b")]);
  assert.equal((await remaining(404n)).ttl, -1);
});

test("revoking deletes the keys", async () => {
  const { id } = await grant(30);
  await attach("revoked", id);
  assert.equal((await ask("LeaseRevoke", (w) => lease.encodeLeaseId(w, id))).code, 0);
  assert.equal(await count("revoked"), 0);
  const again = await ask("LeaseRevoke", (w) => lease.encodeLeaseId(w, id));
  assert.deepEqual([again.code, again.text], [5, "etcdserver: requested lease not found"]);
  const listed = lease.decodeLeaseLeases((await ask("LeaseLeases", () => {})).message);
  assert.equal(listed.includes(id), false);
  assert.ok(listed.length > 0);
});

test("keep-alive renews on one stream; a dead lease is answered with TTL 0; half-closing ends the call", async () => {
  const { id } = await grant(30);
  const call = server.open("/etcdserverpb.Lease/LeaseKeepAlive");
  server.group.time += 25 * SECOND;
  call.send((w) => lease.encodeLeaseId(w, id));
  call.send((w) => lease.encodeLeaseId(w, 404n));
  call.end();
  const answers: (bigint | number)[][] = [];
  for (let message = await call.next(); message !== undefined; message = await call.next()) {
    const answer = lease.decodeLeaseResponse(message);
    answers.push([answer.id, answer.ttl]);
  }
  assert.deepEqual(answers, [
    [id, 30],
    [404n, 0],
  ]);
  assert.equal((await call.status).code, 0);
  assert.equal((await remaining(id)).ttl, 30);
});

test("the leader revokes what has expired, a follower does not", async () => {
  const { id } = await grant(5);
  await attach("expires", id);
  server.group.time += 4 * SECOND;
  server.service.tick();
  assert.equal(await count("expires"), 1);
  server.group.time += SECOND;
  server.group.become({ role: "follower", leader: 2 });
  server.service.tick();
  assert.equal(await count("expires"), 1);
  server.group.become({ role: "leader", leader: 1 });
  server.service.tick();
  assert.equal(await count("expires"), 0);
});

test("a renewal that is in the log before the revocation wins", async () => {
  const { id } = await grant(5);
  await attach("renewed", id);
  server.group.time += 5 * SECOND - 1;
  const call = server.open("/etcdserverpb.Lease/LeaseKeepAlive");
  call.send((w) => lease.encodeLeaseId(w, id));
  assert.equal(lease.decodeLeaseResponse((await call.next()) as never).ttl, 5);
  server.group.time += 1;
  server.service.tick();
  assert.equal(await count("renewed"), 1);
  call.stream.close();
});

test("many leases that expire together are revoked in bounded commands", async () => {
  for (let i = 0; i < 300; i++) await grant(5);
  server.group.time += 60 * SECOND;
  const { proposed } = server.group;
  while (server.machine.model.leaseCount > 0) {
    server.service.tick();
    await count("nothing"); // a turn
  }
  assert.equal(server.group.proposed - proposed, 2);
});
