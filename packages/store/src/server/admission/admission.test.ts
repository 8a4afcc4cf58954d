import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeLeaseGrantRequest, encodeLeaseId } from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { StoreServer } from "../testing/store-server.ts";
import { TokenBucket } from "./admission.ts";

let server: StoreServer | undefined;
afterEach(() => server?.close());

const SECOND = 1_000_000;

test("a bucket gives its burst at once, and then its rate, whatever was saved up", () => {
  const limit = { perSecond: 10, burst: 3 };
  const bucket = new TokenBucket(limit, 0);
  const taken = (now: number): number => {
    let count = 0;
    while (bucket.take(limit, now)) count++;
    return count;
  };
  assert.equal(taken(0), 3);
  assert.equal(taken(SECOND / 20), 0);
  assert.equal(taken(SECOND / 10), 1);
  assert.equal(taken(100 * SECOND), 3);
});

test("who asks too often is refused by etcd's words, until a while later; watches and renewals go on", async () => {
  server = await StoreServer.start({}, undefined, {}, { rateLimit: { perSecond: 2, burst: 3 } });
  const running = server;
  const put = async () => {
    const { code, text } = await running.call("/etcdserverpb.KV/Put", (w) =>
      encodePutRequest(w, { key: encodeUtf8("k"), value: encodeUtf8("v") }),
    );
    return [code, text];
  };
  await running.call("/etcdserverpb.Lease/LeaseGrant", (w) => encodeLeaseGrantRequest(w, { id: 7n, ttl: 60 }));
  assert.deepEqual(await put(), [0, ""]);
  assert.deepEqual(await put(), [0, ""]);
  assert.deepEqual(await put(), [8, "etcdserver: too many requests"]);
  const renewal = running.open("/etcdserverpb.Lease/LeaseKeepAlive");
  for (let i = 0; i < 10; i++) {
    renewal.send((w) => encodeLeaseId(w, 7n));
    assert.ok(await renewal.next());
  }
  renewal.end();
  assert.equal((await running.call("/grpc.health.v1.Health/Check")).code, 0);
  running.now = SECOND / 2;
  assert.deepEqual(await put(), [0, ""]);
  assert.deepEqual(await put(), [8, "etcdserver: too many requests"]);
  assert.equal(running.service.admission?.refusals, 2);
});
