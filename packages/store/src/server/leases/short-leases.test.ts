import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { decodeLeaseResponse, encodeLeaseGrantRequest, type encodeLeaseId } from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { StoreModel } from "../../model/store.ts";
import { StoreServer } from "../testing/store-server.ts";

let server: StoreServer | undefined;
afterEach(() => server?.close());

const MILLISECOND = 1000;

test("a lease of 250 ms lives so long, is renewed for as long, and takes its key along", async () => {
  server = await StoreServer.start();
  const { group, service, url } = server;
  const api = `http://${url}/api/store/leases`;
  const post = await fetch(api, { method: "POST", body: '{"ttlMs": 250, "id": "7"}' });
  const made = (await post.json()) as object;
  assert.deepEqual([post.status, made], [201, { id: "7", ttl: 1, ttlMs: 250, revision: 1 }]);
  await server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: encodeUtf8("k"), lease: 7n }));
  const pass = async (milliseconds: number): Promise<number> => {
    group.time += milliseconds * MILLISECOND;
    service.expire();
    await new Promise((resolve) => setImmediate(resolve));
    return service.model.keyCount;
  };
  assert.equal(await pass(200), 1);
  assert.deepEqual(await (await fetch(`${api}/7`)).json(), {
    id: "7",
    ttl: 1,
    grantedTtl: 1,
    ttlMs: 50,
    grantedTtlMs: 250,
  });
  assert.deepEqual(await (await fetch(`${api}/7/renew`, { method: "PUT" })).json(), { id: "7", ttl: 1, ttlMs: 250 });
  assert.equal(await pass(249), 1);
  assert.equal(await pass(1), 0);
  assert.equal(service.model.leaseCount, 0);
});

test("a client of etcd's messages asks by metadata; without it nothing is other than in etcd", async () => {
  server = await StoreServer.start();
  const grant = async (metadata: Record<string, string>) => {
    const encode = (w: Parameters<typeof encodeLeaseId>[0]) => encodeLeaseGrantRequest(w, { ttl: 1, id: 0n });
    const { message } = await server!.call("/etcdserverpb.Lease/LeaseGrant", encode, metadata);
    const { ttl, ttlMs } = decodeLeaseResponse(message);
    return [ttl, ttlMs];
  };
  assert.deepEqual(await grant({}), [2, undefined], "the least TTL");
  assert.deepEqual(await grant({ "synod-ttl-ms": "1500" }), [2, 1500]);
  assert.deepEqual(await grant({ "synod-ttl-ms": "1" }), [1, 100]);
  assert.deepEqual(await grant({ "synod-ttl-ms": "3000" }), [3, undefined]);
  assert.deepEqual(await grant({ "synod-ttl-ms": "soon" }), [2, undefined]);
});

test("short leases outlast a snapshot, to the millisecond", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 0, 1000, 123);
  store.leaseGrant(2n, 5, 1000);
  const copy = new StoreModel();
  copy.restore({ [Symbol.iterator]: () => store.snapshot() });
  assert.equal(copy.hash(), store.hash());
  assert.equal(copy.leaseTimeToLive(1n, false, 1000).ttl, 0.123);
  assert.equal(copy.leaseKeepAlive(1n, 2000), 0.123);
  assert.deepEqual(copy.expiredLeases(124_999, 9), []);
  assert.deepEqual(copy.expiredLeases(125_000, 9), [{ id: 1n, expiry: 125_000 }]);
  const later = new StoreModel();
  later.restore({ [Symbol.iterator]: () => copy.snapshot() });
  assert.equal(later.hash(), copy.hash());
  assert.deepEqual(later.expiredLeases(186_499, 9), [], "its leader may have promised half of it more");
  assert.deepEqual(later.expiredLeases(186_500, 9), [{ id: 1n, expiry: 125_000 }]);
});
