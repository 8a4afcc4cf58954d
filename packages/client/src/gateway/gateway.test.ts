import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { freePort } from "@synod/runtime/testing/ports";
import { withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import { GatewayClient } from "../gateway-client.ts";
import { StoreClient } from "../store.ts";
import { refusal } from "../testing/refusal.ts";
import { Relay } from "../testing/relay.ts";
import { type StoreServer, servers } from "../testing/servers.ts";
import { compare, op } from "../txn.ts";
import { Lines } from "./lines.ts";

test("lines come whole, however they were cut", () => {
  const text = new TextEncoder().encode("one\ntwo\n\nthree");
  for (let cut = 1; cut <= text.length; cut++) {
    const lines = new Lines(100);
    const seen: Uint8Array[] = [];
    for (let at = 0; at < text.length; at += cut) seen.push(...lines.push(text.subarray(at, at + cut)));
    seen.push(lines.rest());
    assert.deepEqual(
      seen.map((line) => new TextDecoder().decode(line)),
      ["one", "two", "", "three"],
    );
  }
  assert.throws(() => new Lines(3).push(text.subarray(9)), RangeError);
});

for (const [name, start] of Object.entries(servers))
  suite(`gateway: ${name}`, () => {
    let server: StoreServer;
    let grpc: StoreClient;
    let json: GatewayClient;

    before(async () => {
      server = await start();
      grpc = new StoreClient({ endpoints: [server.endpoint] });
      json = new GatewayClient({ endpoints: [server.endpoint] });
    });
    after(async () => {
      grpc.close();
      json.close();
      await server.stop();
    });

    test("both ways read the same, whatever the bytes", async () => {
      const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256);
      const key = Uint8Array.of(98, 0, 255, 10);
      await json.put(key, bytes);
      await json.put(key, bytes);
      const [mine, other] = [await json.range(withPrefix("b")), await grpc.range(withPrefix("b"))];
      assert.deepEqual(mine.kvs, other.kvs);
      assert.deepEqual([mine.count, mine.more, mine.header], [other.count, other.more, other.header]);
      assert.deepEqual(mine.kvs[0]?.value, bytes);
      const deleted = await json.delete(key, { previous: true });
      assert.deepEqual([deleted.deleted, deleted.previous[0]?.version], [1, 2]);
    });

    test("a range is ordered, cut, counted and looked at in the past", async () => {
      for (const key of ["r/b", "r/a", "r/c"]) await json.put(key, "1");
      const { header } = await json.put("r/a", "2");
      await json.put("r/a", "3");
      const cut = await json.range(withPrefix("r/"), {
        limit: 2,
        order: "descending",
        orderBy: "modRevision",
        keysOnly: true,
      });
      assert.deepEqual([cut.kvs.map(({ keyText }) => keyText), cut.more, cut.count], [["r/a", "r/c"], true, 3]);
      assert.equal((await json.get("r/a", { revision: header.revision }))?.valueText, "2");
      const old = await json.range(withPrefix("r/"), { maxCreateRevision: header.revision - 3 });
      assert.deepEqual(
        old.kvs.map(({ keyText }) => keyText),
        ["r/b"],
      );
    });

    test("a transaction compares, does and nests", async () => {
      await json.put("t", "before");
      const lease = await json.grantLease(60);
      const inner = json
        .txn()
        .when(compare.value("t", "=", "before"))
        .do(op.put("t", "inner", { lease: lease.id }));
      const compares = [
        compare.version("t", "=", 1),
        compare.createRevision("t", ">", 0),
        compare.modRevision("t", "!=", 0),
        compare.lease("t", "=", 0n),
        compare.version(withPrefix("t"), "<", 2),
      ];
      const done = await json
        .txn()
        .when(...compares)
        .do(op.get("t"), op.txn(inner), op.delete("none"))
        .commit();
      assert.equal(done.succeeded, true);
      const [read, nested, deleted] = done.responses;
      assert.equal(read?.type === "range" && read.kvs[0]?.valueText, "before");
      assert.equal(nested?.type === "txn" && nested.succeeded && nested.responses[0]?.type, "put");
      assert.equal(deleted?.type === "delete" && deleted.deleted, 0);
      assert.equal((await grpc.get("t"))?.lease, lease.id);
      const left = await json.leaseTimeToLive(lease.id, true);
      assert.deepEqual([left.grantedTtl, left.keys.length], [60, 1]);
      assert.ok((await json.leases()).includes(lease.id));
      assert.equal(await lease.renew(), true);
      await lease.revoke();
      assert.equal(await lease.renew(), false);
    });

    test("a watch misses nothing and repeats nothing over cut connections", async () => {
      const relay = await Relay.start(server.endpoint);
      const behind = new GatewayClient({ endpoints: [relay.endpoint] });
      const watch = behind.watch(withPrefix("cut/"), { previous: true });
      await watch.created;
      for (let count = 0; count < 30; count++) {
        await grpc.put(`cut/${count % 7}`, String(count));
        if (count % 10 === 5) relay.cut();
      }
      await grpc.delete("cut/0");
      const seen: string[] = [];
      for await (const { events } of watch) {
        for (const { type, kv, previous } of events) seen.push(`${type} ${kv.valueText} after ${previous?.valueText}`);
        if (seen.length >= 31) break;
      }
      assert.deepEqual([seen[0], seen[8], seen[30]], ["put 0 after undefined", "put 8 after 1", "delete  after 28"]);
      assert.equal(seen.length, 31);
      behind.close();
      relay.cut();
      await relay.shut();
    });

    test("errors are those of the other way", async () => {
      const outcome = async (attempt: Promise<unknown>): Promise<string[]> => {
        const error = await attempt.then(
          () => assert.fail("no error"),
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof SynodError, String(error));
        return [error.code, error.outcome];
      };
      assert.deepEqual(await outcome(json.put("", "x")), ["invalid", "refused"]);
      assert.deepEqual(await outcome(json.get("a", { revision: 1_000_000 })), ["futureRevision", "refused"]);
      assert.deepEqual(await outcome(json.put("l", "x", { lease: 1234n })), ["leaseNotFound", "refused"]);
      const { header } = await json.put("old", "1");
      await json.put("old", "2");
      await json.compact(header.revision + 1);
      const late = json.watch("old", { startRevision: header.revision })[Symbol.asyncIterator]();
      assert.deepEqual(await outcome(late.next()), ["compacted", "refused"]);
      const control = new AbortController();
      control.abort();
      assert.deepEqual(await outcome(json.put("x", "1", { signal: control.signal })), ["aborted", "refused"]);
    });

    test("a write goes to the next endpoint when one is not there, and is unknown when nobody answers", async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      const failing = new GatewayClient({ endpoints: [nobody, server.endpoint] });
      await failing.put("failover", "1");
      failing.close();
      const relay = await Relay.start(server.endpoint);
      const silent = new GatewayClient({ endpoints: [relay.endpoint], timeout: 300 });
      await silent.put("warm", "1");
      server.pause();
      const thrown = await refusal(() => silent.put("x", "1"));
      server.resume();
      assert.deepEqual([thrown.code, thrown.outcome], ["unknown", "unknown"]);
      silent.close();
      relay.cut();
      await relay.shut();
    });
  });
