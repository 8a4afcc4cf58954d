import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { encodePutRequest } from "../api/put.ts";
import { StoreServer } from "../server/testing/store-server.ts";

let server: StoreServer;
afterEach(() => server.close());

async function ask(method: string, path: string, body?: string): Promise<[status: number, answer: unknown]> {
  const init = { method, ...(body === undefined ? {} : { body }) };
  const response = await fetch(`http://${server.url}/api/store${path}`, init);
  return [response.status, await response.json()];
}

test("what lies under which prefix is told, with how often it is written", async () => {
  server = await StoreServer.start();
  for (let i = 0; i < 20; i++) await ask("PUT", `/keys/app/users/${i % 4}`, "0123456789");
  await ask("PUT", "/keys/app/jobs/1", "x");
  server.now = 10_000_000;
  server.service.tick();
  const answer = {
    prefixes: [
      { prefix: "app/users/", keys: 4, bytes: 84, writes: 20, writesPerSecond: 2 },
      { prefix: "app/jobs/", keys: 1, bytes: 11, writes: 1, writesPerSecond: 0.1 },
    ],
    others: { keys: 0, bytes: 0, writes: 0, writesPerSecond: 0 },
    revision: 22,
  };
  assert.deepEqual(await ask("GET", "/prefixes"), [200, answer]);
  assert.deepEqual(await ask("GET", "/prefixes?limit=1"), [200, { ...answer, prefixes: answer.prefixes.slice(0, 1) }]);
});

test("a prefix is given a quota, holds it, says that it was it, and is given none again", async () => {
  server = await StoreServer.start();
  await ask("PUT", "/keys/app/a", "1");
  assert.deepEqual(await ask("PUT", "/quotas/app/", '{"maxKeys": 2, "maxBytes": 100}'), [200, { revision: 2 }]);
  await ask("PUT", "/keys/app/b", "12");
  const quota = { prefix: "app/", maxBytes: 100, maxKeys: 2, bytes: 13, keys: 2 };
  assert.deepEqual(await ask("GET", "/quotas"), [200, { quotas: [quota], revision: 3 }]);
  assert.deepEqual(await ask("PUT", "/keys/app/c", "1"), [
    429,
    {
      type: "about:blank",
      title: "Too Many Requests",
      status: 429,
      code: "noSpace",
      message: "etcdserver: mvcc: database space exceeded",
      help: "delete keys under the prefix, or raise its quota: PUT /api/store/quotas/<prefix>",
      prefix: "app/",
    },
  ]);
  assert.deepEqual(await ask("DELETE", "/quotas/app/"), [200, { revision: 3 }]);
  assert.equal((await ask("PUT", "/keys/app/c", "1"))[0], 200);
  assert.deepEqual((await ask("DELETE", "/quotas/app/"))[0], 400);
});

test("a quota that says nothing, or nonsense, is refused", async () => {
  server = await StoreServer.start();
  for (const body of ["{}", '{"maxKeys": 0}', '{"maxKeys": -1}', '{"most": 5}', "["]) {
    const [status, answer] = await ask("PUT", "/quotas/a", body);
    assert.deepEqual([status, (answer as { code: string }).code], [400, "badBody"], body);
  }
});

test("quotas go with a snapshot, and count in the state's hash", async () => {
  server = await StoreServer.start();
  await ask("PUT", "/keys/app/a", "1");
  const before = server.machine.hash();
  await ask("PUT", "/quotas/app/", '{"maxKeys": 1}');
  assert.notEqual(server.machine.hash(), before);
  const hash = server.machine.hash();
  const chunks = [...{ [Symbol.iterator]: () => server.machine.snapshot() }];
  await ask("DELETE", "/quotas/app/");
  assert.equal(server.machine.hash(), before);
  server.machine.restore(chunks);
  assert.equal(server.machine.hash(), hash);
  assert.equal((await ask("PUT", "/keys/app/b", "1"))[0], 429);
});

test("a gRPC client is told etcd's text, and the prefix beside it", async () => {
  server = await StoreServer.start();
  await ask("PUT", "/quotas/a", '{"maxBytes": 1}');
  const call = server.open("/etcdserverpb.KV/Put");
  call.send((writer) => encodePutRequest(writer, { key: Buffer.from("ab"), value: Buffer.from("1") }));
  call.end();
  assert.deepEqual(await call.status, { code: 8, text: "etcdserver: mvcc: database space exceeded" });
  assert.equal(Buffer.from(String(call.headers["synod-prefix-bin"]), "base64").toString(), "a");
});
