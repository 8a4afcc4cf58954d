import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { AlarmAction, encodeAlarmRequest } from "../../api/maintenance.ts";
import { encodePutRequest } from "../../api/put.ts";
import { AlarmType } from "../../model/alarms.ts";
import { StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
afterEach(() => server.close());

const SECOND = 1_000_000;
const put = async (value: Uint8Array): Promise<number> =>
  (await server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: encodeUtf8("k"), value }))).code;

/** So many seconds, ten ticks each, and what they have proposed applied. */
async function pass(seconds: number): Promise<void> {
  for (let tick = 1; tick <= seconds * 10; tick++) {
    server.now += SECOND / 10;
    server.service.tick();
    if (tick % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a leader told to keep ten seconds compacts what is older, and keeps the key", async () => {
  server = await StoreServer.start({}, undefined, {}, { compaction: { mode: "periodic", retention: 10 * SECOND } });
  for (let i = 0; i < 5; i++) await put(encodeUtf8(String(i)));
  await pass(10);
  assert.equal(server.machine.model.compactedRevision, 1, "as etcd: the revision when it began");
  await put(encodeUtf8("new"));
  await pass(10);
  await pass(10);
  assert.equal(server.machine.model.compactedRevision, 7);
  assert.equal(server.machine.model.keyCount, 1);
  assert.equal(server.service.compaction.counts.automatic, 3);
});

test("a follower, and a store that may not be touched, are left alone", async () => {
  server = await StoreServer.start({}, undefined, {}, { compaction: { mode: "periodic", retention: SECOND } });
  server.group.become({ role: "follower", leader: 2 });
  await pass(5);
  server.group.become({ role: "leader", leader: 1 });
  const raise = { action: AlarmAction.ACTIVATE, memberId: 9n, alarm: AlarmType.CORRUPT };
  await server.call("/etcdserverpb.Maintenance/Alarm", (w) => encodeAlarmRequest(w, raise));
  await pass(5);
  assert.equal(server.machine.model.compactedRevision, -1);
});

test("a store that one key's history fills does not die read-only: history goes, the alarm goes, writes go on", async () => {
  server = await StoreServer.start({ quotaBytes: 200_000 });
  const value = new Uint8Array(2000);
  for (let second = 0; second < 8; second++) {
    for (let i = 0; i < 10; i++) await put(value);
    await pass(1);
  }
  while ((await put(value)) === 0);
  assert.ok(server.service.areas.alarms.isFull, "faster than any history could be given up");
  await pass(6);
  assert.ok(!server.service.areas.alarms.isFull);
  assert.equal(await put(value), 0);
  assert.ok(server.service.compaction.counts.underPressure > 0);
});

test("told not to, it dies as etcd does", async () => {
  server = await StoreServer.start({ quotaBytes: 50_000 }, undefined, {}, { compaction: { underPressure: false } });
  while ((await put(new Uint8Array(2000))) === 0);
  await pass(20);
  assert.ok(server.service.areas.alarms.isFull);
  assert.equal(server.machine.model.compactedRevision, -1);
});
