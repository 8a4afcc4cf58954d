import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { StoreServer } from "../testing/store-server.ts";
import { StoreListener } from "./listener.ts";
import { Probes } from "./probes.ts";

const PAGE = "https://app.example";
let server: StoreServer;
/** Another door of the same store, with settings of its own. */
let listener: StoreListener;

beforeEach(async () => {
  server = await StoreServer.start();
  const { service } = server;
  listener = await StoreListener.listen({
    service,
    host: "127.0.0.1",
    port: 0,
    probes: new Probes(service, () => ""),
    origins: [PAGE],
    requestTimeoutMs: 50,
  });
});

afterEach(async () => {
  await listener.close(0);
  await server.close();
});

/** @returns everything that the server says until it disconnects. */
async function talk(...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(listener.port, "127.0.0.1");
  socket.on("error", () => {});
  for (const part of parts) socket.write(part);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

test("a page of an allowed origin is told so, before and with the answer", async () => {
  const url = `http://127.0.0.1:${listener.port}/api/store/status`;
  const asked = { origin: PAGE, "access-control-request-method": "PUT" };
  const preflight = await fetch(url, { method: "OPTIONS", headers: asked });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-methods")!, /PUT/);
  assert.match(preflight.headers.get("access-control-allow-headers")!, /if-match/);
  const answer = await fetch(url, { headers: { origin: PAGE } });
  assert.deepEqual([answer.status, answer.headers.get("access-control-allow-origin")], [200, PAGE]);
  assert.equal((await fetch(url, { headers: { origin: "https://other.example" } })).status, 403);
  await answer.arrayBuffer();

  // What a page asks for in fields of our own, and what it is told in them.
  const allowed = preflight.headers.get("access-control-allow-headers")!.split(", ");
  for (const name of ["synod-consistency", "synod-session-revision", "synod-max-staleness", "synod-ttl-ms"])
    assert.ok(allowed.includes(name) && allowed.includes(`grpc-metadata-${name}`), name);
  const door = `http://127.0.0.1:${listener.port}`;
  const told = [
    await fetch(`${door}/api/store/keys/a`, { headers: { origin: PAGE, "synod-consistency": "serializable" } }),
    await fetch(`${door}/v3/kv/range`, {
      method: "POST",
      body: '{"key":"YQ=="}',
      headers: { origin: PAGE, "grpc-metadata-synod-consistency": "serializable" },
    }),
    await fetch(`${door}/v3/lock/lock`, { method: "POST", body: '{"name":"YQ=="}', headers: { origin: PAGE } }),
    await fetch(`${door}/version`, { headers: { origin: PAGE } }),
  ];
  for (const { headers, url: asked } of told) {
    const exposed = headers.get("access-control-expose-headers")!.split(", ");
    for (const name of headers.keys())
      if (/synod-|etag/.test(name)) assert.ok(exposed.includes(name), `${name} ${asked}`);
    assert.equal(headers.get("access-control-allow-origin"), PAGE, asked);
  }
  const names = told.map(({ headers }) => [...headers.keys()].filter((name) => name.includes("synod-")).length);
  assert.deepEqual(names, [3, 3, 1, 0]);
  await Promise.all(told.map((each) => each.arrayBuffer()));
  const stranger = await fetch(`${door}/version`, { headers: { origin: "https://other.example" } });
  assert.equal(stranger.headers.get("access-control-allow-origin"), null);
  await stranger.arrayBuffer();
});

test("whoever dribbles a request is cut off, wherever it stops", async () => {
  const head = "POST /v3/kv/put HTTP/1.1\r\nHost: x\r\n";
  for (const part of [`${head.slice(0, 20)}`, head, `${head}Content-Length: 9\r\n\r\n{"key"`]) {
    assert.equal(await talk(part), "", part);
  }
  assert.match(
    await talk(`${head}Content-Length: 2\r\n\r\n{}POST /v3`),
    /key is not provided/,
    "what was whole is answered",
  );
});

test("a body beyond the limit is refused before it has come, and its sender let go", async () => {
  const head = "PUT /api/store/keys/a HTTP/1.1\r\nHost: x\r\n";
  assert.match(await talk(`${head}Content-Length: 2097153\r\n\r\n`, "x".repeat(100_000)), /^HTTP\/1.1 413 /);
  assert.match(await talk(`${head}Transfer-Encoding: chunked\r\n\r\n200001\r\n`), /^HTTP\/1.1 413 /);
});

test("requests sent ahead are answered one by one, in order", async () => {
  const request = (path: string, body: string, more = ""): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
  const said = await talk(
    request("/v3/kv/put", '{"key":"YQ==","value":"MQ=="}') +
      request("/v3/lease/keepalive", '{"ID":"1"}') +
      request("/v3/kv/range", "{") +
      request("/v3/kv/range", '{"key":"YQ=="}', "Connection: close\r\n"),
  );
  const heads = [...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(heads, ["200", "200", "400", "200"]);
  assert.match(said, /"value":"MQ=="/);
  assert.match(said, /connection: close/);
});

test("a client that leaves in the middle takes its calls with it", async () => {
  server.group.failure = undefined;
  const socket = connect(listener.port, "127.0.0.1");
  socket.write('POST /v3/watch HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n{"create_request":{"key":"YQ=="}}  ');
  await once(socket, "data");
  assert.equal(server.service.watches.watcherCount, 1);
  socket.destroy();
  while (server.service.watches.watcherCount > 0) await new Promise(setImmediate);
});

test("whatever is sent, the server goes on, and others are answered", async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "POST /v3/kv/txn HTTP/1.1\r\nHost: x\r\n",
      "PUT /api/store/keys/a?value=1 HTTP/1.1\r\nHost: x\r\n",
      "GET /api/store/keys?prefix&watch HTTP/1.1\r\nHost: x\r\n",
      "GET /v3/watch HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      "Content-Length: 30\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n",
      '10\r\n{"success":[{"re\r\n',
      "0\r\n\r\n",
      "\r\n",
    ),
    fc.uint8Array({ maxLength: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      const socket = connect(listener.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      await once(socket, "connect");
      for (const each of pieces) socket.write(each);
      socket.end();
      await once(socket, "close");
    }),
    { seed: 7, numRuns: 200 },
  );
  const { status } = await fetch(`http://127.0.0.1:${listener.port}/api/store/status`);
  assert.equal(status, 200);
  while (server.service.watches.watcherCount > 0) await new Promise(setImmediate);
});
