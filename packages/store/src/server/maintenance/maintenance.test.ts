import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "../../api/compaction.ts";
import { encodeDeleteRangeRequest } from "../../api/delete-range.ts";
import { encodeLeaseGrantRequest } from "../../api/lease.ts";
import { AlarmAction, DowngradeAction, decodeAlarm, decodeStatus, encodeAlarmRequest } from "../../api/maintenance.ts";
import { encodePutRequest } from "../../api/put.ts";
import { encodeRangeRequest } from "../../api/range.ts";
import { encodeTxnRequest } from "../../api/txn.ts";
import { type AlarmMember, AlarmType } from "../../model/alarms.ts";
import type { RequestOp } from "../../model/types.ts";
import { memberId, type Reply, StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
afterEach(() => server.close());

const NO_SPACE = [8, "etcdserver: mvcc: database space exceeded"];
const CORRUPT = [15, "etcdserver: corrupt cluster"];
const key = encodeUtf8("k");
const range: RequestOp = { type: "range", request: { key } };
const putOp: RequestOp = { type: "put", request: { key, value: key } };

const maintenance = (method: string, encode?: (writer: ProtobufWriter) => void): Promise<Reply> =>
  server.call(`/etcdserverpb.Maintenance/${method}`, encode);

async function alarm(action: number, id = 0n, type: number = AlarmType.NONE): Promise<AlarmMember[]> {
  const { message } = await maintenance("Alarm", (w) => encodeAlarmRequest(w, { action, memberId: id, alarm: type }));
  const found: AlarmMember[] = [];
  while (message.next()) {
    if (message.field === 2) found.push(decodeAlarm(message));
    else message.skip();
  }
  return found;
}

const put = (value = "v"): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key, value: encodeUtf8(value) }));
const txn = (...success: RequestOp[]): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Txn", (w) => encodeTxnRequest(w, { success }));
const get = (): Promise<Reply> => server.call("/etcdserverpb.KV/Range", (w) => encodeRangeRequest(w, { key }));
const remove = (): Promise<Reply> =>
  server.call("/etcdserverpb.KV/DeleteRange", (w) => encodeDeleteRangeRequest(w, { key }));
const grant = (): Promise<Reply> =>
  server.call("/etcdserverpb.Lease/LeaseGrant", (w) => encodeLeaseGrantRequest(w, { id: 0n, ttl: 60 }));
const compact = (): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Compact", (w) =>
    encodeCompactionRequest(w, { revision: server.machine.model.revision, physical: true }),
  );
const outcome = ({ code, text }: Reply): [number, string] => [code, text];
const status = async (): Promise<ReturnType<typeof decodeStatus>> =>
  decodeStatus((await maintenance("Status")).message);

test("under NOSPACE nothing is added, and everything else goes on", async () => {
  server = await StoreServer.start();
  await put();
  const raised = { memberId: 7n, alarm: AlarmType.NOSPACE, automatic: false };
  assert.deepEqual(await alarm(AlarmAction.ACTIVATE, 7n, AlarmType.NOSPACE), [raised]);
  assert.deepEqual(await alarm(AlarmAction.GET), [raised]);
  assert.deepEqual(outcome(await put()), NO_SPACE);
  assert.deepEqual(outcome(await grant()), NO_SPACE);
  assert.deepEqual(outcome(await txn(range, putOp)), NO_SPACE);
  const nested: RequestOp = { type: "txn", request: { failure: [putOp] } };
  assert.deepEqual(outcome(await txn(nested)), NO_SPACE);
  assert.equal((await txn({ type: "deleteRange", request: { key } })).code, 0);
  for (const call of [get, remove, compact]) assert.equal((await call()).code, 0);
  assert.deepEqual((await status()).errors, ["memberID:7 alarm:NOSPACE "]);
  server.service.tick();
  assert.deepEqual(await alarm(AlarmAction.GET), [raised], "an operator's alarm is the operator's to clear");
  assert.deepEqual(await alarm(AlarmAction.DEACTIVATE, 7n, AlarmType.NOSPACE), [raised]);
  assert.deepEqual(await alarm(AlarmAction.DEACTIVATE, 7n, AlarmType.NOSPACE), []);
  assert.equal((await put()).code, 0);
});

test("under CORRUPT keys and leases are neither read nor changed", async () => {
  server = await StoreServer.start();
  await alarm(AlarmAction.ACTIVATE, 7n, AlarmType.CORRUPT);
  for (const call of [put, get, remove, grant, compact]) assert.deepEqual(outcome(await call()), CORRUPT);
  assert.deepEqual(outcome(await txn(range)), CORRUPT);
  assert.deepEqual(outcome(await txn(putOp)), CORRUPT);
  assert.equal(server.machine.model.revision, 1);
  await alarm(AlarmAction.DEACTIVATE, 7n, AlarmType.CORRUPT);
  assert.equal((await put()).code, 0);
});

test("a write beyond the quota raises the alarm; room made by compaction clears it", async () => {
  server = await StoreServer.start({ quotaBytes: 100_000 });
  const value = "v".repeat(9_000);
  let written = 0;
  while ((await put(value)).code === 0) written += 1;
  assert.equal(written, 10);
  const own = { memberId: memberId(1), alarm: AlarmType.NOSPACE, automatic: false };
  assert.deepEqual(await alarm(AlarmAction.GET), [own]);
  assert.equal((await status()).dbSizeQuota, 100_000);
  assert.deepEqual(outcome(await put()), NO_SPACE, "even a small one, as in etcd");
  server.service.tick();
  assert.deepEqual(await alarm(AlarmAction.GET), [own], "there is no room yet");
  await compact();
  server.service.tick();
  assert.deepEqual(await alarm(AlarmAction.GET), []);
  assert.equal((await put(value)).code, 0);
});

test("without a quota nothing is refused", async () => {
  server = await StoreServer.start({ quotaBytes: -1 });
  assert.equal((await put("v".repeat(100_000))).code, 0);
  assert.equal((await status()).dbSizeQuota, 0);
});

test("alarms and an announced downgrade outlive a snapshot", async () => {
  server = await StoreServer.start();
  await alarm(AlarmAction.ACTIVATE, 7n, AlarmType.NOSPACE);
  await downgrade(DowngradeAction.ENABLE, "3.4");
  const hash = server.machine.hash();
  const chunks = [...toIterable(server.machine.snapshot())];
  await alarm(AlarmAction.DEACTIVATE, 7n, AlarmType.NOSPACE);
  await downgrade(DowngradeAction.CANCEL, "");
  assert.notEqual(server.machine.hash(), hash);
  server.machine.restore(chunks);
  assert.equal(server.machine.hash(), hash);
  assert.deepEqual(outcome(await put()), NO_SPACE);
  assert.equal((await status()).downgradeTarget, "3.4.0");
});

test("a downgrade goes one minor version down, once at a time", async () => {
  server = await StoreServer.start();
  const { VALIDATE, ENABLE, CANCEL } = DowngradeAction;
  const refused = async (action: number, version: string): Promise<[number, string]> =>
    outcome(await downgrade(action, version));
  assert.deepEqual(await refused(VALIDATE, "three"), [3, "etcdserver: wrong downgrade target version format"]);
  assert.deepEqual(await refused(ENABLE, "3.3.0"), [3, "etcdserver: invalid downgrade target version"]);
  assert.deepEqual(await refused(CANCEL, ""), [9, "etcdserver: no inflight downgrade job"]);
  assert.deepEqual(await refused(9, "3.4.0"), [2, "etcdserver: unknown method"]);
  assert.equal(versionOf((await downgrade(VALIDATE, "3.4")).message), "3.5.0");
  assert.equal((await status()).downgradeTarget, "", "asked only");
  assert.equal((await downgrade(ENABLE, "3.4.0")).code, 0);
  assert.equal((await status()).downgradeTarget, "3.4.0");
  assert.deepEqual(await refused(VALIDATE, "3.4"), [9, "etcdserver: cluster has a downgrade job in progress"]);
  assert.equal((await downgrade(CANCEL, "")).code, 0);
  assert.equal((await status()).downgradeTarget, "");
});

function downgrade(action: number, version: string): Promise<Reply> {
  return maintenance("Downgrade", (w) => {
    w.varint(1, action);
    w.string(2, version);
  });
}

function versionOf(message: ProtobufReader): string {
  while (message.next()) {
    if (message.field === 2) return message.string();
    message.skip();
  }
  return "";
}

function toIterable(iterator: Iterator<Uint8Array>): Iterable<Uint8Array> {
  return { [Symbol.iterator]: () => iterator };
}
