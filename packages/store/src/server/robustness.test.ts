import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcServerConnection } from "@synod/wire/grpc/server-connection";
import { ProtobufWriter } from "@synod/wire/protobuf";
import fc from "fast-check";
import { encodeLeaseGrantRequest } from "../api/lease.ts";
import { createStoreMachine } from "../machine.ts";
import type { StoreResult } from "../state-machine.ts";
import { StoreConnection } from "./connection.ts";
import { METHODS, STORE_METHODS } from "./methods.ts";
import { StoreService } from "./service.ts";
import { FakeGroup } from "./testing/fake-group.ts";

/** A connection without a client: what it answers goes nowhere, what it does to the node is real. */
function unconnected(): { connection: StoreConnection; group: FakeGroup<StoreResult>; run: () => void } {
  const work: (() => void)[] = [];
  const schedule = (job: () => void): void => void work.push(job);
  const { machine, areas } = createStoreMachine();
  const group = new FakeGroup(machine, schedule);
  const service = new StoreService({
    group,
    machine,
    areas,
    clusterId: 1n,
    memberId: BigInt,
    members: () => [],
    now: () => 0,
    schedule,
    random64: () => 5n,
  });
  const connection = new StoreConnection(service, () => {});
  connection.grpc = new GrpcServerConnection(METHODS, connection);
  const run = (): void => {
    for (let job = work.shift(); job !== undefined; job = work.shift()) job();
  };
  return { connection, group, run };
}

test("no message of any method takes a node down, and every waiting call is answered", () => {
  const { connection, run } = unconnected();
  const plausible = fc
    .array(
      fc.tuple(
        fc.constantFrom(0x08, 0x0a, 0x10, 0x12, 0x18, 0x1a, 0x20, 0x28, 0x38),
        fc.nat(20),
        fc.uint8Array({ maxLength: 20 }),
      ),
    )
    .map((fields) => Uint8Array.from(fields.flatMap(([tag, length, bytes]) => [tag, length, ...bytes])));
  const message = fc.oneof(fc.uint8Array({ maxLength: 60 }), plausible);
  let stream = 1;
  fc.assert(
    fc.property(fc.nat(STORE_METHODS.length - 1), message, fc.boolean(), (method, bytes, last) => {
      connection.onMessage(connection.grpc, stream, method, new Uint8Array(bytes), last);
      connection.onHalfClose(connection.grpc, stream);
      run();
      connection.onCancel(connection.grpc, stream);
      stream += 2;
      assert.equal(connection.calls.waiting, 0);
      assert.equal(connection.streams.size, 0);
      assert.equal(connection.service.watches.watcherCount, 0);
    }),
    { seed: 5, numRuns: 3000 },
  );
});

test("a client that renews without waiting for answers is stopped", () => {
  const { connection, group, run } = unconnected();
  const writer = new ProtobufWriter();
  encodeLeaseGrantRequest(writer, { ttl: 60, id: 7n });
  connection.onMessage(connection.grpc, 1, numberOf("/etcdserverpb.Lease/LeaseGrant"), writer.finish(), true);
  for (let i = 0; i < 5000; i++) {
    connection.onMessage(
      connection.grpc,
      3,
      numberOf("/etcdserverpb.Lease/LeaseKeepAlive"),
      Uint8Array.of(8, 7),
      false,
    );
    if (connection.streams.size === 0) break;
  }
  assert.equal(connection.streams.size, 0);
  assert.ok(group.proposed < 1100);
  run();
  assert.equal(connection.calls.waiting, 0);
});

function numberOf(path: string): number {
  return STORE_METHODS.findIndex((method) => method.path === path);
}
