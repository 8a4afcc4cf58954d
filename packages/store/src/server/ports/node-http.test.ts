import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { StoreServer } from "../testing/store-server.ts";
import { nodeHttpHandler } from "./node-http.ts";

let store: StoreServer;
let server: Server;
let url: string;

beforeEach(async () => {
  store = await StoreServer.start();
  const handle = nodeHttpHandler(store.service);
  server = createServer((request, response) => {
    if (!handle(request, response)) response.end("somebody else's");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await store.close();
});

test("the store answers through a server of Node's own, and leaves other paths to it", async () => {
  const put = await fetch(`${url}/api/store/keys/a`, { method: "PUT", body: "1" });
  assert.deepEqual([put.status, put.headers.get("etag"), await put.json()], [200, '"2"', { revision: 2 }]);
  const range = await fetch(`${url}/v3/kv/range`, { method: "POST", body: '{"key":"YQ=="}' });
  assert.equal(((await range.json()) as { count: string }).count, "1");
  const cached = await fetch(`${url}/api/store/keys/a`, { headers: { "if-none-match": '"2"' } });
  assert.deepEqual([cached.status, await cached.text()], [304, ""]);
  assert.equal((await fetch(`${url}/openapi.json`)).status, 200);
  assert.equal(await (await fetch(`${url}/livez`)).text(), "somebody else's");
  const origin = { headers: { origin: "http://evil.example" } };
  assert.equal((await fetch(`${url}/api/store/status`, origin)).status, 403);
  const large = fetch(`${url}/api/store/keys/a`, { method: "PUT", body: "x".repeat(3 << 20) });
  assert.equal((await large).status, 413);
});

test("a stream is caught up from history when its reader pauses, and ends with it", async () => {
  const asked = request(`${url}/api/store/keys/a?watch`).end();
  const [response] = await once(asked, "response");
  response.pause();
  const value = "v".repeat(512 << 10);
  for (let i = 0; i < 30; i++) {
    await (await fetch(`${url}/api/store/keys/a`, { method: "PUT", body: value })).arrayBuffer();
  }
  assert.equal(store.service.watches.behindCount, 1);
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > 30 * value.length) break;
  }
  asked.destroy();
  while (store.service.watches.watcherCount > 0) await new Promise(setImmediate);
});
