/** Locks while the store's leader dies: three nodes, and contenders whose clients know them all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Locks } from "@synod/client/recipes/lock";
import { judgeExclusion, type Turn } from "@synod/client/recipes/testing/exclusion";
import { transact } from "@synod/client/recipes/transact";
import { StoreClient } from "@synod/client/store";
import { op } from "@synod/client/txn";
import { Cluster } from "./cluster-test/cluster.ts";
import { synod } from "./cluster-test/programs.ts";

const TURNS = 6;

test("over the death of the leader one holds the lock at a time, and no guarded write is lost or doubled", async () => {
  const cluster = await Cluster.start(synod);
  const clients = ["Ada", "Grace", "Barbara"].map((who, index) => {
    const endpoints = [...cluster.addresses.slice(index), ...cluster.addresses.slice(0, index)];
    return { who, store: new StoreClient({ endpoints, timeout: 2_000 }) };
  });
  const history: Turn[] = [];
  const unknown: string[] = [];
  let halfWay: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    halfWay = resolve;
  });

  const contend = async ({ who, store }: (typeof clients)[number]): Promise<void> => {
    const locks = new Locks(store);
    for (let turn = 1; turn <= TURNS; turn++) {
      await using lock = await locks.acquire("printer", { ttl: 10 });
      const from = performance.now();
      const page = `page/${who}/${turn}`;
      await store
        .txn()
        .when(lock.guard)
        .do(op.put(page, String(lock.token)))
        .commit()
        .catch((error) => unknown.push(`${page}: ${error.code}`));
      history.push({ who, token: lock.token, from, to: performance.now() });
      if (history.length === TURNS) halfWay();
    }
  };
  try {
    const working = Promise.all(clients.map(contend));
    await begun;
    await (await cluster.leader()).kill();
    await working;
    assert.equal(history.length, 3 * TURNS);
    assert.equal(judgeExclusion(history), undefined);
    const [{ store }] = clients as [(typeof clients)[number]];
    const pages = await transact(store, (tx) =>
      tx.range({ key: Buffer.from("page/"), rangeEnd: Buffer.from("page0") }),
    );
    assert.ok(pages.length + unknown.length >= 3 * TURNS, `${pages.length} pages, ${unknown.join()}`);
    // Each page bears the token of the turn in which it was written, in the order of the turns.
    const tokens = pages.toSorted((a, b) => a.modRevision - b.modRevision).map(({ valueText }) => Number(valueText));
    assert.deepEqual(
      tokens,
      tokens.toSorted((a, b) => a - b),
    );
  } finally {
    for (const { store } of clients) store.close();
    await cluster.destroy();
  }
});
