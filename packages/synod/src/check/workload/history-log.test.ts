import assert from "node:assert/strict";
import { test } from "node:test";
import { NEVER_RETURNED } from "@synod/checkers/history";
import type { EtcdApi } from "../cluster/etcd-api.ts";
import { endedBy, HistoryLog } from "./history-log.ts";

const doer = { process: 7, node: "n2", api: undefined as unknown as EtcdApi };

test("what was certainly refused failed; what may be under way is unknown", () => {
  const type = (code: number, text: string): string => endedBy({ type: "status", code, text }).type;
  assert.equal(type(8, "etcdserver: too many requests"), "fail");
  assert.equal(type(5, "etcdserver: requested lease not found"), "fail");
  assert.equal(type(14, "etcdserver: no leader"), "fail");
  assert.equal(type(14, "etcdserver: request timed out, possibly due to previous leader failure"), "unknown");
  assert.equal(type(14, "etcdserver: leader changed"), "unknown");
  assert.equal(type(4, "deadline exceeded"), "unknown");
  assert.equal(type(13, "something broke"), "unknown");
  assert.equal(endedBy({ type: "notSent", reason: "refused" }).type, "fail");
  assert.equal(endedBy({ type: "lost", reason: "no answer" }).type, "unknown");
});

test("an operation is recorded with who, by whom, and when; an unknown one never returns", async () => {
  const log = new HistoryLog();
  await log.record(doer, "read", "k", null, async () => ({ type: "ok", output: 4 }));
  await log.record(doer, "write", "k", 5, async () => ({ type: "unknown", reason: "lost" }));
  await log.record(doer, "write", "k", 6, async () => ({ type: "fail", reason: "refused" }));
  const [read, lost, refused] = log.history();
  assert.deepEqual([read?.process, read?.node, read?.output, read?.outcome], [7, "n2", 4, "ok"]);
  assert.ok(read !== undefined && read.return > read.call, "it was under way for some time, however short");
  assert.deepEqual([lost?.outcome, lost?.return, lost?.output], ["unknown", NEVER_RETURNED, undefined]);
  assert.equal(refused?.outcome, "fail");
  assert.ok((refused?.return ?? NEVER_RETURNED) < NEVER_RETURNED);
});

test("what is still under way when the history is taken is unknown in it", async () => {
  const log = new HistoryLog();
  const { promise, resolve } = Promise.withResolvers<void>();
  const recorded = log.record(doer, "write", "k", 1, async () => {
    await promise;
    return { type: "ok", output: null };
  });
  const before = log.history();
  resolve();
  await recorded;
  assert.equal(before[0]?.outcome, "unknown");
  assert.equal(log.history()[0]?.outcome, "ok");
});

test("the longest silence lies between two answers with success", async () => {
  const log = new HistoryLog();
  const answer = (type: "ok" | "fail"): Promise<unknown> =>
    log.record(doer, "read", "k", null, async () =>
      type === "ok" ? { type, output: 1 } : { type, reason: "refused" },
    );
  await answer("ok");
  const from = log.now();
  while (log.now() < from + 5000) await answer("fail");
  await answer("ok");
  const { to } = log.longestSilence();
  assert.ok(to - log.longestSilence().from >= 5000);
  while (log.now() < to + 20_000) await answer("fail");
  assert.ok(log.longestSilence().to > to, "one that goes on counts, too");
});
