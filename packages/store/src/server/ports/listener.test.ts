import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { decodeMembers } from "../../api/cluster.ts";
import { decodeStatus } from "../../api/maintenance.ts";
import { decodePutResponse, encodePutRequest } from "../../api/put.ts";
import { memberId, StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
before(async () => {
  server = await StoreServer.start();
});
after(() => server.close());

const get = (path: string): Promise<Response> => fetch(`http://${server.url}${path}`);

test("the same port answers probes in plain HTTP", async () => {
  const health = await get("/health");
  assert.deepEqual([health.status, await health.text()], [200, '{"health":"true"}']);
  assert.equal((await get("/version")).status, 200);
  assert.equal(await (await get("/metrics")).text(), "synod_up 1\n");
  assert.equal((await get("/nothing")).status, 404);
  assert.equal((await fetch(`http://${server.url}/health`, { method: "POST" })).status, 405);
  server.group.become({ leader: undefined });
  const sick = await get("/health");
  assert.deepEqual([sick.status, await sick.text()], [503, '{"health":"false"}']);
  server.group.become({ leader: 1 });
});

async function raw(first: string): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(server.listener.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  await once(socket, "connect");
  socket.write(first);
  return { socket, received: () => received };
}

test("the first bytes may come one by one; nonsense is answered and disconnected", async () => {
  const slow = await raw("G");
  for (const byte of "ET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") slow.socket.write(byte);
  await once(slow.socket, "close");
  assert.match(slow.received(), /^HTTP\/1\.1 200 OK\r\n/);
  const nonsense = await raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
  await once(nonsense.socket, "close");
  assert.match(nonsense.received(), /^HTTP\/1\.1 400 /);
  assert.equal((await get("/health")).status, 200);
});

test("members and status", async () => {
  const members = decodeMembers((await server.call("/etcdserverpb.Cluster/MemberList")).message);
  assert.deepEqual(
    members.map(({ id, name }) => [id, name]),
    [[memberId(1), "n1"]],
  );
  const fresh = await server.call("/etcdserverpb.Cluster/MemberList", (w) => w.bool(1, true));
  assert.equal(decodeMembers(fresh.message).length, 1);
  const status = decodeStatus((await server.call("/etcdserverpb.Maintenance/Status")).message);
  assert.deepEqual([status.version, status.leader, status.raftTerm], ["3.5.0", memberId(1), 2]);
  assert.equal((await server.call("/etcdserverpb.Maintenance/Alarm")).code, 0);
  assert.equal((await server.call("/grpc.health.v1.Health/Check")).code, 0);
  const unknown = await server.call("/etcdserverpb.KV/Nothing");
  assert.deepEqual([unknown.code, unknown.text], [12, "unknown method Nothing for service etcdserverpb.KV"]);
});

test("there is no authentication to log in to", async () => {
  assert.equal((await server.call("/etcdserverpb.Auth/AuthStatus")).code, 0);
  const refused = await server.call("/etcdserverpb.Auth/Authenticate");
  assert.deepEqual([refused.code, refused.text], [9, "etcdserver: authentication is not enabled"]);
});

test("leadership moves to a voter on request", async () => {
  const move = (node: number) =>
    server.call("/etcdserverpb.Maintenance/MoveLeader", (w) => w.varint(1, memberId(node)));
  assert.equal((await move(9)).text, "etcdserver: bad leader transferee");
  server.group.become({ configuration: { voters: [1, 2], outgoing: [], learners: [] } });
  assert.equal((await move(2)).code, 0);
  assert.equal((await move(1)).text, "etcdserver: not leader");
  server.group.become({ role: "leader", leader: 1 });
});

test("requests of one turn are applied in a batch and answered in their order", async () => {
  const turns = { applied: 0 };
  server.group.subscribe({ batchApplied: () => turns.applied++ });
  const calls = Array.from({ length: 50 }, (_, i) =>
    server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: encodeUtf8(`batch${i}`) })),
  );
  const revisions = (await Promise.all(calls)).map(({ message }) => decodePutResponse(message).header.revision);
  const first = revisions[0] as number;
  assert.deepEqual(
    revisions,
    revisions.map((_, i) => first + i),
  );
  assert.ok(turns.applied < 25, `${turns.applied} turns for 50 puts`);
});

test("closing lets the calls in progress end", async () => {
  const own = await StoreServer.start();
  const put = own.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: encodeUtf8("last") }));
  while (own.group.proposed === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = own.listener.close(5000);
  assert.equal((await put).code, 0);
  own.client.close();
  await closed;
  assert.equal(own.listener.connections, 0);
});
