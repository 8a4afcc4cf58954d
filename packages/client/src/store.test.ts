import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { startingAt, toText, withPrefix } from "./bytes.ts";
import { SynodError } from "./errors.ts";
import type { Compare } from "./messages/txn.ts";
import { StoreClient } from "./store.ts";
import { type StoreServer, servers } from "./testing/servers.ts";
import { compare, op } from "./txn.ts";

/** What a store that speaks the etcd v3 API does, as the client sees it. The same for etcd itself and for Synod. */
for (const [name, start] of Object.entries(servers))
  suite(name, () => {
    let server: StoreServer;
    let client: StoreClient;

    before(async () => {
      server = await start();
      client = new StoreClient({ endpoints: [server.endpoint] });
    });
    after(async () => {
      client.close();
      await server.stop();
    });

    async function codeOf(attempt: Promise<unknown>): Promise<string> {
      const error = await attempt.then(
        () => assert.fail("no error"),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof SynodError, String(error));
      return error.code;
    }

    test("a key is put, read with its history, and deleted", async () => {
      assert.equal(await client.get("a"), undefined);
      const first = await client.put("a", "1");
      const second = await client.put("a", "2", { previous: true });
      assert.equal(second.previous?.valueText, "1");
      const kv = await client.get("a");
      assert.deepEqual(
        [kv?.keyText, kv?.valueText, kv?.version, kv?.createRevision, kv?.modRevision],
        ["a", "2", 2, first.header.revision, second.header.revision],
      );
      const past = await client.get("a", { revision: first.header.revision });
      assert.equal(past?.valueText, "1");
      const { deleted, previous } = await client.delete("a", { previous: true });
      assert.deepEqual([deleted, previous[0]?.valueText], [1, "2"]);
    });

    test("a prefix is read in order, cut at the limit, counted and deleted whole", async () => {
      for (const key of ["p/c", "p/a", "p/b", "q"]) await client.put(key, key);
      const all = await client.range(withPrefix("p/"));
      assert.deepEqual(
        all.kvs.map(({ keyText }) => keyText),
        ["p/a", "p/b", "p/c"],
      );
      const cut = await client.range(withPrefix("p/"), { limit: 2, order: "descending", keysOnly: true });
      assert.deepEqual([cut.kvs.map(({ keyText }) => keyText), cut.more, cut.count], [["p/c", "p/b"], true, 3]);
      assert.equal(cut.kvs[0]?.value.length, 0);
      assert.equal((await client.range(startingAt("p/b"), { countOnly: true })).count, 3);
      assert.equal((await client.delete(withPrefix("p/"))).deleted, 3);
    });

    test("values are bytes: all of them, empty and large", async () => {
      const large = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 256);
      await client.put("bytes", large);
      assert.deepEqual(await client.get("bytes").then((kv) => kv?.value.length), large.length);
      await client.put("bytes", new Uint8Array([0, 255, 128]));
      assert.deepEqual([...((await client.get("bytes"))?.value ?? [])], [0, 255, 128]);
      await client.put("bytes", "");
      assert.equal((await client.get("bytes"))?.value.length, 0);
    });

    test("a transaction runs the branch that its comparisons choose", async () => {
      const create = () =>
        client
          .txn()
          .when(compare.version("t", "=", 0))
          .do(op.put("t", "mine"))
          .else(op.get("t"), op.delete("nothing"))
          .commit();
      const won = await create();
      assert.deepEqual([won.succeeded, won.responses.map(({ type }) => type)], [true, ["put"]]);
      const lost = await create();
      assert.equal(lost.succeeded, false);
      const [got, deleted] = lost.responses;
      assert.equal(got?.type === "range" && got.kvs[0]?.valueText, "mine");
      assert.equal(deleted?.type === "delete" && deleted.deleted, 0);
    });

    test("each comparison can hold and fail", async () => {
      const { header } = await client.put("c", "m");
      const holds = async (...conditions: Compare[]): Promise<boolean> =>
        (
          await client
            .txn()
            .when(...conditions)
            .commit()
        ).succeeded;
      assert.equal(
        await holds(compare.value("c", "=", "m"), compare.value("c", ">", "l"), compare.value("c", "!=", "")),
        true,
      );
      assert.equal(await holds(compare.value("c", "<", "m")), false);
      assert.equal(
        await holds(compare.modRevision("c", "=", header.revision), compare.createRevision("c", ">", 0)),
        true,
      );
      assert.equal(await holds(compare.modRevision("c", ">", header.revision)), false);
      assert.equal(await holds(compare.lease("c", "=", 0n)), true);
      assert.equal(await holds(compare.version(withPrefix("c"), "=", 1)), true);
    });

    test("transactions nest", async () => {
      await client.put("n", "before");
      const inner = client
        .txn()
        .when(compare.value("n", "=", "before"))
        .do(op.put("n", "inner"));
      const result = await client.txn().do(op.put("m", "outer"), op.txn(inner)).commit();
      const nested = result.responses[1];
      assert.equal(nested?.type === "txn" && nested.succeeded, true);
      assert.equal((await client.get("n"))?.valueText, "inner");
    });

    test("errors say what the caller can do", async () => {
      assert.equal(await codeOf(client.put("", "x")), "invalid");
      assert.equal(await codeOf(client.get("a", { revision: 1_000_000 })), "futureRevision");
      assert.equal(await codeOf(client.put("l", "x", { lease: 1234n })), "leaseNotFound");
      assert.equal(await codeOf(client.revokeLease(1234n)), "leaseNotFound");
      const { header } = await client.put("old", "1");
      await client.put("old", "2");
      await client.compact(header.revision + 1);
      assert.equal(await codeOf(client.get("old", { revision: header.revision })), "compacted");
      assert.equal(await codeOf(client.put("huge", new Uint8Array(2_000_000))), "invalid");
    });

    test("a lease takes its keys with it", async () => {
      const lease = await client.grantLease(60);
      assert.equal(lease.ttl, 60);
      await client.put("leased", "x", { lease: lease.id });
      assert.equal((await client.get("leased"))?.lease, lease.id);
      const left = await client.leaseTimeToLive(lease.id, true);
      assert.deepEqual([left.grantedTtl, left.keys.map(toText)], [60, ["leased"]]);
      assert.ok((await client.leases()).includes(lease.id));
      assert.equal(await lease.renew(), true);
      assert.ok(lease.remaining > 59);
      await lease.revoke();
      assert.equal(await client.get("leased"), undefined);
      assert.equal((await client.leaseTimeToLive(lease.id)).ttl, -1);
      assert.equal(await lease.renew(), false);
      assert.match(await lease.lost, /expired or was revoked/);
    });

    test("a node tells who it is and how far it has come", async () => {
      const { members, header } = await client.memberList();
      assert.deepEqual(
        members.map((member) => [member.id, member.name, member.clientUrls]),
        [[header.memberId, name === "etcd" ? "default" : "n1", [`http://${server.endpoint}`]]],
      );
      const status = await client.status(server.endpoint);
      assert.equal(status.leader, header.memberId);
      assert.match(status.version, /^\d+\.\d+\.\d+/);
      assert.ok(status.dbSize > 0 && status.raftAppliedIndex > 0 && status.raftTerm > 0);
    });
  });
