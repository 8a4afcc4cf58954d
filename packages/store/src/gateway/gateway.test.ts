import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { StoreServer } from "../server/testing/store-server.ts";

let server: StoreServer;

beforeEach(async () => {
  server = await StoreServer.start();
});

afterEach(async () => {
  await server.close();
});

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`http://${server.url}${path}`, { method: "POST", body: text, headers });
}

/** The answer without its header. */
async function ask(path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await post(path, body);
  const { header: _, ...rest } = (await response.json()) as Record<string, unknown>;
  assert.equal(response.status, 200, JSON.stringify(rest));
  return rest;
}

/** Lines of a streamed answer, as they come. */
async function* lines(response: Response): AsyncGenerator<Record<string, Record<string, unknown>>> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (text + chunk).split("\n");
    text = parts.pop()!;
    for (const part of parts) yield JSON.parse(part);
  }
  assert.equal(text, "", "the last line ended");
}

test("a key is put, read, compared and deleted, under every prefix", async () => {
  for (const prefix of ["/v3", "/v3beta", "/v3alpha"]) {
    const [key, value] = [base64(`a${prefix}`), base64("1")];
    assert.deepEqual(await ask(`${prefix}/kv/put`, { key, value }), {});
    const found = await ask(`${prefix}/kv/range`, { key });
    assert.equal(found.count, "1");
    assert.equal((found.kvs as { value: string }[])[0]?.value, value);
    const txn = {
      compare: [{ target: "VERSION", key, version: "1", result: "EQUAL" }],
      success: [{ requestDeleteRange: { key, prevKv: true } }],
    };
    const { succeeded, responses } = await ask(`${prefix}/kv/txn`, txn);
    assert.equal(succeeded, true);
    const [deletion] = responses as { response_delete_range: { deleted: string } }[];
    assert.equal(deletion?.response_delete_range.deleted, "1");
    assert.deepEqual(await ask(`${prefix}/kv/range`, { key }), {});
  }
});

test("errors carry the shapes of all versions", async () => {
  const response = await post("/v3/kv/range", {});
  assert.equal(response.status, 400);
  const text = "etcdserver: key is not provided";
  assert.deepEqual(await response.json(), { error: text, message: text, code: 3, details: [] });
  assert.equal((await post("/v3/kv/put", '{"key":')).status, 400);
  assert.equal((await post("/v3/lease/revoke", { ID: "77" })).status, 404);
  assert.equal((await post("/v3/kv/nothing", {})).status, 404);
  assert.equal((await fetch(`http://${server.url}/v3/kv/range`)).status, 405);
  server.group.failure = "noLeader";
  assert.equal((await post("/v3/kv/put", { key: "YQ==" })).status, 503);
});

test("a watch tells line by line, first from history, then as it happens, and ends with its client", async () => {
  await ask("/v3/kv/put", { key: base64("a/1"), value: "MQ==" });
  const stop = new AbortController();
  const create = { create_request: { key: base64("a/"), range_end: base64("a0"), start_revision: "2" } };
  const response = await fetch(`http://${server.url}/v3/watch`, {
    method: "POST",
    body: JSON.stringify(create),
    signal: stop.signal,
  });
  const told = lines(response);
  assert.equal((await told.next()).value?.result?.created, true);
  const history = (await told.next()).value?.result?.events as { kv: { key: string } }[];
  assert.deepEqual(
    history.map(({ kv }) => kv.key),
    [base64("a/1")],
  );
  await ask("/v3/kv/deleterange", { key: base64("a/1") });
  const live = (await told.next()).value?.result?.events as { type: string }[];
  assert.deepEqual(
    live.map(({ type }) => type),
    ["DELETE"],
  );
  assert.equal(server.service.watches.watcherCount, 1);
  stop.abort();
  await assert.rejects(told.next());
  while (server.service.watches.watcherCount > 0) await new Promise(setImmediate);
});

test("a lease is granted and kept alive, any number of times in one request", async () => {
  assert.deepEqual(await ask("/v3/lease/grant", { TTL: 60, ID: 5 }), { ID: "5", TTL: "60" });
  const response = await post("/v3/lease/keepalive", '{"ID":"5"} {"ID":6}\n{"ID":5}');
  const told: unknown[] = [];
  for await (const line of lines(response)) told.push([line.result?.ID, line.result?.TTL]);
  assert.deepEqual(told, [
    ["5", "60"],
    ["6", undefined],
    ["5", "60"],
  ]);
  assert.equal(await (await post("/v3/lease/keepalive", "")).text(), "");
  const first = await post("/v3/lease/keepalive", '{"ID":"5"}{"ID":');
  assert.equal(first.status, 400, "a request that cannot be read as a whole is not begun");
  assert.equal((await post("/v3/watch", "{}".repeat(20_000))).status, 400);
});

test("what the header asks of the method is heard", async () => {
  server.group.become({ leader: undefined, role: "candidate" });
  const request = { create_request: { key: "YQ==" } };
  const response = await post("/v3/watch", request, { "Grpc-Metadata-hasleader": "true" });
  assert.equal(response.status, 503);
  assert.equal(((await response.json()) as { message: string }).message, "etcdserver: no leader");
});

test("a stream that fails after it has begun ends with a line that says so in the words of all versions", async () => {
  const request = { create_request: { key: "YQ==" } };
  const told = lines(await post("/v3/watch", request, { "Grpc-Metadata-hasleader": "true" }));
  assert.equal((await told.next()).value?.result?.created, true);
  server.group.become({ leader: undefined, role: "candidate" });
  server.now += 3_000_000;
  server.service.tick();
  const message = "etcdserver: no leader";
  const words = { grpc_code: 14, http_code: 503, http_status: "Service Unavailable", code: 14, message, details: [] };
  assert.deepEqual((await told.next()).value, { error: words });
  assert.equal((await told.next()).done, true);
});

test("who calls is known by the token in Authorization, as it is or behind Bearer", async () => {
  await ask("/v3/auth/user/add", { name: "root", password: "secret" });
  await ask("/v3/auth/role/add", { name: "root" });
  await ask("/v3/auth/user/grant", { user: "root", role: "root" });
  await ask("/v3/auth/enable", {});
  const { token } = await ask("/v3/auth/authenticate", { name: "root", password: "secret" });
  const put = { key: "YQ==", value: "MQ==" };
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await post("/v3/kv/put", put, headers)).status;
  assert.equal(await status({}), 400);
  assert.equal(await status({ authorization: "wrong" }), 401);
  assert.equal(await status({ authorization: String(token) }), 200);
  assert.equal(await status({ authorization: `Bearer ${token}` }), 200);
  const rest = `http://${server.url}/api/store/keys/a`;
  const refused = (await (await fetch(rest)).json()) as { status: number; code: string };
  assert.deepEqual([refused.status, refused.code], [401, "userEmpty"]);
  assert.equal(await (await fetch(rest, { headers: { authorization: String(token) } })).text(), "1");
  const socket = new WebSocket(`ws://${server.url}/v3/watch`, ["Bearer", String(token)]);
  const created = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(JSON.parse(data))));
  socket.addEventListener("open", () => socket.send('{"create_request":{"key":"YQ=="}}'));
  assert.equal(((await created) as { result: { created: boolean } }).result.created, true);
  socket.close();
});

test("calls through the gateway are counted with the others", async () => {
  await ask("/v3/kv/put", { key: "YQ==" });
  await post("/v3/kv/range", {});
  const { calls } = server.service.traffic;
  assert.deepEqual([calls.started(1), calls.handled(1, 0), calls.started(0), calls.handled(0, 3)], [1, 1, 1, 1]);
});

test("a reader who does not read is caught up from history, and its place costs no memory", async () => {
  const { connect } = await import("node:net");
  const socket = connect(server.listener.port, "127.0.0.1");
  const body = JSON.stringify({ create_request: { key: "YQ==" } });
  socket.write(`POST /v3/watch HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  socket.pause();
  while (server.service.watches.watcherCount === 0) await new Promise(setImmediate);
  const value = Buffer.alloc(256 << 10, "v").toString("base64");
  for (let i = 0; i < 60; i++) await ask("/v3/kv/put", { key: "YQ==", value });
  assert.equal(server.service.watches.behindCount, 1);
  const revisions: number[] = [];
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const revision = /"mod_revision":"(\d+)"/.exec(text.slice(0, end));
      if (revision !== null) revisions.push(Number(revision[1]));
      text = text.slice(end + 1);
    }
    if (revisions.at(-1) === 61) break;
  }
  assert.deepEqual(
    revisions,
    Array.from({ length: 60 }, (_, i) => i + 2),
  );
});
