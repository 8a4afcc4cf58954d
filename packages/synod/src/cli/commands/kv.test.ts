/** The verbs that talk to a store, as a person runs them: against Synod, and against a real etcd. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type StoreServer, servers } from "@synod/client/testing/servers";
import { freePort } from "@synod/runtime/testing/ports";
import { Run } from "../../testing/run.ts";

for (const [name, startServer] of Object.entries(servers))
  suite(name, () => {
    let server: StoreServer;
    before(async () => {
      server = await startServer();
    });
    after(() => server.stop());

    async function synod(...args: string[]): Promise<string> {
      const run = start(...args);
      assert.equal(await run.ended(), 0, run.stderr);
      return run.stdout;
    }
    function start(...args: string[]): Run {
      return new Run(args, { environment: { SYNOD_ENDPOINTS: server.endpoint } });
    }

    test("what is put is got, listed, deleted, and then not there", async () => {
      assert.match(await synod("kv", "put", "door", "open"), /^written at revision \d+\n$/);
      assert.equal(await synod("kv", "get", "door"), "open\n");
      assert.match(await synod("kv", "put", "door", "shut", "--previous"), /before: open\n$/);
      assert.equal(await synod("kv", "get", "--prefix", "do"), "door\tshut\n");
      assert.equal(await synod("kv", "get", "--prefix", "do", "--count"), "1\n");
      assert.match(await synod("kv", "del", "door"), /^1 deleted at revision \d+\n$/);
      const run = start("kv", "get", "door");
      assert.equal(await run.ended(), 1);
      assert.equal(run.stderr, 'synod: there is no key "door"\n');
    });

    test("a program gets JSON, also for bytes that are no text", async () => {
      const put = start("kv", "put", "raw", "--json");
      put.process.stdin?.end(Buffer.from([0xff, 0x00]));
      assert.equal(await put.ended(), 0);
      assert.ok(JSON.parse(put.stdout).revision > 0);
      const { kvs, count } = JSON.parse(await synod("kv", "get", "raw", "--json"));
      assert.equal(count, 1);
      assert.deepEqual(
        { key: kvs[0].key, valueBase64: kvs[0].valueBase64, version: kvs[0].version },
        { key: "raw", valueBase64: "/wA=", version: 1 },
      );
    });

    test("a transaction takes what is free and shows what is not", async () => {
      const take = () =>
        synod("kv", "txn", "--if", "version(seat) = 0", "--then", "put seat taken", "--else", "get seat");
      assert.match(await take(), /^the conditions held, at revision \d+\n {2}written\n$/);
      assert.equal(await take(), "the conditions did not hold\n  seat\ttaken\n");
    });

    test("a watch prints changes as they come and ends when told to", async () => {
      const watch = start("kv", "watch", "--prefix", "w/");
      await watch.until(/watching all that begins with "w\/"/);
      await synod("kv", "put", "w/1", "one");
      await watch.until(/\d+ {2}put w\/1 one\n/);
      await synod("kv", "del", "w/1");
      await watch.until(/\d+ {2}del w\/1\n/);
      assert.equal(await watch.stop("SIGINT"), 0);
    });

    test("status shows every node", async () => {
      const text = await synod("status");
      assert.match(text, /^node\s+role\s+term\s+index\s+applied\s+lag\s+size\s+leader\s+endpoint\n/);
      assert.match(text, /\n\w+\s+leader\s+\d+\s+\d+\s+\d+\s+0\s+[\d.]+ KiB\s+\w+\s+http:\/\/127\.0\.0\.1:\d+\n$/);
      const { nodes } = JSON.parse(await synod("status", "--json"));
      assert.equal(nodes[0].role, "leader");
    });

    test("status can be watched", async () => {
      const run = start("status", "--watch", "--json");
      await run.until(/nodes.*\n.*nodes.*\n/);
      assert.equal(await run.stop("SIGINT"), 0);
    });
  });

test("nobody there is one sentence with what to do", async () => {
  const run = new Run(["kv", "put", "a", "b", "--endpoints", `127.0.0.1:${await freePort()}`, "--timeout", "200"]);
  assert.equal(await run.ended(), 1);
  assert.match(
    run.stderr,
    /^synod: put "a" at .*: no connection to .* \(ECONNREFUSED\); nothing was changed; check that the cluster/,
  );
});
