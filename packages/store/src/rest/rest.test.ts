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

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: ReturnType<typeof JSON.parse>;
}

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<Reply> {
  const init = {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : Buffer.from(body) }),
  };
  const response = await fetch(`http://${server.url}/api/store${path}`, init);
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json") && text !== "";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

test("a key is written, read as it is or as JSON, and deleted", async () => {
  assert.deepEqual((await ask("PUT", "/keys/config/a%20b", {}, "hello")).json, { revision: 2 });
  const raw = await ask("GET", "/keys/config/a%20b");
  assert.deepEqual([raw.text, raw.headers.get("etag")], ["hello", '"2"']);
  assert.equal(raw.headers.get("x-content-type-options"), "nosniff");
  assert.equal((await ask("PUT", "/keys/config/a%20b?value=a+b%2Bc")).json.revision, 3);
  assert.deepEqual((await ask("GET", "/keys/config/a%20b", { accept: "application/json" })).json, {
    key: "config/a b",
    value: "a b+c",
    modRevision: 3,
    createRevision: 2,
    version: 2,
    revision: 3,
  });
  assert.equal((await ask("GET", "/keys/config/a%20b?rev=2")).text, "hello");
  assert.equal((await ask("GET", "/keys/config/a%20b", { "if-none-match": '"3"' })).status, 304);
  assert.deepEqual((await ask("DELETE", "/keys/config/a%20b")).json, { deleted: 1, revision: 4 });
  const gone = await ask("GET", "/keys/config/a%20b");
  assert.deepEqual([gone.status, gone.json.code], [404, "keyNotFound"]);
  assert.equal((await ask("HEAD", "/keys/config/a%20b")).status, 404);
});

test("keys and values need not be text", async () => {
  const bytes = Uint8Array.of(0, 0xff, 10, 13);
  await ask("PUT", "/keys/%00%FF", {}, bytes);
  const response = await fetch(`http://${server.url}/api/store/keys/%00%ff`);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  const { json } = await ask("GET", "/keys/%00%FF", { accept: "application/json" });
  assert.deepEqual([json.keyBase64, json.valueBase64, json.key], ["AP8=", "AP8KDQ==", undefined]);
});

test("conditions: a key is created once, and changed only as it was read", async () => {
  const create = { "if-none-match": "*" };
  assert.equal((await ask("PUT", "/keys/a", create, "1")).status, 201);
  const again = await ask("PUT", "/keys/a", create, "2");
  assert.deepEqual([again.status, again.json.modRevision, again.headers.get("etag")], [412, 2, '"2"']);
  assert.equal((await ask("PUT", "/keys/a", { "if-match": '"2"' }, "3")).json.revision, 3);
  const late = await ask("PUT", "/keys/a", { "if-match": '"2"' }, "4");
  assert.deepEqual([late.status, late.json.code, late.json.modRevision], [412, "preconditionFailed", 3]);
  assert.equal((await ask("PUT", "/keys/b", { "if-match": "*" }, "5")).json.message, "there is no such key");
  assert.equal((await ask("DELETE", "/keys/a", { "if-match": '"2"' })).status, 412);
  assert.deepEqual((await ask("DELETE", "/keys/a", { "if-match": "3" })).json, { deleted: 1, revision: 4 });
  const wrong: [Record<string, string>, RegExp][] = [
    [{ "if-match": "x" }, /is no revision/],
    [{ "if-none-match": '"3"' }, /says nothing about a write/],
    [{ "if-match": "*", "if-none-match": "*" }, /both/],
  ];
  for (const [headers, reason] of wrong) {
    const { status, json } = await ask("PUT", "/keys/a", headers, "6");
    assert.deepEqual([status, json.code], [400, "badCondition"]);
    assert.match(json.message, reason);
  }
});

test("a range comes page by page as of one revision, whatever happens meanwhile", async () => {
  for (let i = 0; i < 7; i++) await ask("PUT", `/keys/k/${i}`, {}, `v${i}`);
  const keys: string[] = [];
  let cursor = "";
  for (let page = 0; page < 3; page++) {
    const { json } = await ask("GET", `/keys/k/?prefix&limit=3&keys${cursor}`);
    keys.push(...json.items.map(({ key }: { key: string }) => key));
    assert.equal(json.items[0].value, undefined);
    assert.equal(json.more, page < 2);
    if (page < 2) cursor = `&cursor=${json.cursor}`;
    await ask("DELETE", `/keys/k/${page + 3}`);
  }
  assert.deepEqual(keys, ["k/0", "k/1", "k/2", "k/3", "k/4", "k/5", "k/6"]);
  const some = await ask("GET", "/keys?from=k/1&to=k/3");
  assert.deepEqual(
    some.json.items.map(({ value }: { value: string }) => value),
    ["v1", "v2"],
  );
  assert.equal((await ask("GET", "/keys?prefix")).json.count, 4);
  assert.equal((await ask("GET", `/keys/z?prefix${cursor}`)).json.code, "badCursor");
  await post("/v3/kv/compaction", { revision: "11" });
  const compacted = await ask("GET", `/keys/k/?prefix${cursor}`);
  assert.deepEqual([compacted.status, compacted.json.code], [410, "compacted"]);
  assert.deepEqual((await ask("DELETE", "/keys/k/?prefix")).json.deleted, 4);
});

async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(`http://${server.url}${path}`, { method: "POST", body: JSON.stringify(body) });
  return response.json();
}

test("a lease is created, put with, renewed and revoked", async () => {
  const made = await ask("POST", "/leases", {}, '{"ttl":60}');
  const { id } = made.json;
  assert.deepEqual([made.status, made.json.ttl, made.headers.get("location")], [201, 60, `/api/store/leases/${id}`]);
  assert.equal((await ask("PUT", `/keys/a?value=1&lease=${id}`)).status, 200);
  assert.equal((await ask("GET", "/keys/a")).headers.get("x-store-lease"), id);
  assert.deepEqual((await ask("PUT", `/leases/${id}/renew`)).json, { id, ttl: 60 });
  assert.deepEqual((await ask("GET", `/leases/${id}?keys`)).json.keys, [{ key: "a" }]);
  assert.deepEqual((await ask("GET", "/leases")).json, { leases: [{ id }] });
  assert.equal((await ask("DELETE", `/leases/${id}`)).status, 200);
  assert.equal((await ask("GET", "/keys/a")).status, 404);
  for (const [method, path] of [
    ["DELETE", ""],
    ["PUT", "/renew"],
    ["GET", ""],
  ] as const) {
    const { status, json } = await ask(method, `/leases/${id}${path}`);
    assert.deepEqual([status, json.code], [404, "leaseNotFound"]);
  }
  assert.equal((await ask("POST", "/leases?ttl=5")).json.ttl, 5);
});

test("a transaction reads like what it does", async () => {
  await ask("PUT", "/keys/a", {}, "1");
  const txn = {
    if: [
      { key: "a", value: "1" },
      { key: "b", exists: false },
      { key: "a", version: 5, is: "<" },
    ],
    // biome-ignore lint/suspicious/noThenProperty: JSON, which nobody awaits
    then: [
      { put: { key: "b", valueBase64: "AAE=" } },
      { get: { key: "", prefix: true, keys: true } },
      { delete: { key: "a" } },
      { txn: { if: [{ key: "b", exists: true }], else: [{ get: { key: "a" } }] } }, // conditions look at what was before
    ],
  };
  const { json } = await ask("POST", "/txn", {}, JSON.stringify(txn));
  assert.equal(json.succeeded, true);
  assert.deepEqual(json.results[1].get.count, 2);
  assert.deepEqual(json.results.toSpliced(1, 1), [
    { put: {} },
    { delete: { deleted: 1 } },
    { txn: { succeeded: false, results: [{ get: { items: [], count: 0, more: false } }] } },
  ]);
  const wrong: [unknown, RegExp][] = [
    ["{", /not JSON/],
    [[], /not an object/],
    [{ when: [] }, /no "when"/],
    [{ if: {} }, /if is not a list/],
    [{ if: [{ key: "a" }] }, /compares 0 things/],
    [{ if: [{ key: "a", value: "1", version: 2 }] }, /compares 2 things/],
    [{ if: [{ key: "a", version: "2" }] }, /version is not a whole number/],
    [{ if: [{ key: "a", version: 2, is: "~" }] }, /"~" is not known/],
    [{ if: [{ value: "2" }] }, /names no key/],
    [{ else: [{ put: { key: "a" }, get: { key: "a" } }] }, /2 things/],
    [{ else: [{ get: { keyBase64: "*" } }] }, /not base64/],
  ];
  for (const [body, reason] of wrong) {
    const { status, json } = await ask("POST", "/txn", {}, typeof body === "string" ? body : JSON.stringify(body));
    assert.deepEqual([status, json.code], [400, "badBody"]);
    assert.match(json.message, reason);
  }
  const twice = '{"then":[{"put":{"key":"a"}},{"put":{"key":"a"}}]}';
  assert.equal((await ask("POST", "/txn", {}, twice)).json.code, "duplicateKey");
});

test("what is wrong is said with what to do", async () => {
  const wrong: [method: string, path: string, status: number, code: string][] = [
    ["GET", "/nothing", 404, "routeNotFound"],
    ["POST", "/keys/a", 405, "methodNotAllowed"],
    ["GET", "/keys", 400, "badKey"],
    ["PUT", "/keys/", 405, "methodNotAllowed"],
    ["GET", "/keys/a?limitt=1", 400, "badParameter"],
    ["GET", "/keys/a?prefix&limit=0", 400, "badParameter"],
    ["GET", "/keys/a?rev=1&rev=2", 400, "badParameter"],
    ["GET", "/keys/a?rev=99", 400, "futureRev"],
    ["GET", "/keys/%zz", 400, "badRequest"],
    ["GET", "/keys?prefix&cursor=1", 400, "badCursor"],
    ["GET", "/keys/a?consistency=strong", 400, "badParameter"],
    ["PUT", "/keys/a?value=1&lease=0", 400, "badParameter"],
    ["PUT", "/keys/a?value=1&lease=99", 404, "leaseNotFound"],
    ["PUT", "/leases/x/renew", 400, "badParameter"],
    ["POST", "/leases", 400, "badBody"],
  ];
  for (const [method, path, status, code] of wrong) {
    const reply = await ask(method, path);
    assert.deepEqual([reply.status, reply.json.status, reply.json.code], [status, status, code], `${method} ${path}`);
    assert.ok(reply.json.help.length > 0);
  }
  assert.equal((await ask("PUT", "/keys/a", {}, "x".repeat(1_600_000))).status, 413);
  assert.equal((await ask("PUT", "/keys/a", {}, "x".repeat(2_200_000))).status, 413);
  server.group.failure = "noLeader";
  assert.deepEqual((await ask("GET", "/keys/a")).json.code, "noLeader");
});

test("a read says how fresh it is to be, and is told how fresh it was", async () => {
  await ask("PUT", "/keys/a", {}, "1");
  const told = async (path: string, headers: Record<string, string> = {}): Promise<unknown[]> => {
    const reply = await ask("GET", path, headers);
    return [reply.status, reply.headers.get("synod-consistency"), reply.headers.get("synod-staleness-ms")];
  };
  assert.deepEqual(await told("/keys/a"), [200, null, null]);
  assert.deepEqual(await told("/keys/a?consistency=serializable"), [200, "serializable", "unknown"]);
  assert.deepEqual(await told("/keys/a", { "synod-consistency": "linearizable" }), [200, "linearizable", "0"]);
  assert.deepEqual(await told("/keys?prefix&consistency=bounded&max-staleness=1000"), [200, "bounded", "0"]);
  assert.deepEqual(await told("/keys/a?consistency=session&session-revision=2"), [200, "session", "0"]);
  assert.deepEqual(await told("/keys/a?consistency=session"), [400, null, null]);
});

test("the node says how it is", async () => {
  const { json } = await ask("GET", "/status");
  assert.deepEqual([json.revision, typeof json.leader, json.raftTerm], [1, "string", 2]);
});

test("pages of other origins are shut out unless they are allowed", async () => {
  assert.equal((await ask("GET", "/status", { origin: "http://evil.example" })).status, 403);
  const same = await ask("GET", "/status", { origin: `http://${server.url}` });
  assert.deepEqual([same.status, same.headers.get("access-control-allow-origin")], [200, null]);
});
