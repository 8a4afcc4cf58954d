import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcCallCounts } from "@synod/wire/grpc/call-counts";
import { registerGrpcMetrics } from "./grpc-metrics.ts";
import { HostMetrics } from "./host-metrics.ts";
import { NodeMetrics } from "./node-metrics.ts";
import { registerPeerMetrics } from "./peer-metrics.ts";
import { registerProcessMetrics } from "./process-metrics.ts";
import { Registry } from "./registry.ts";
import { samplesOf } from "./testing.ts";

test("a node that has done nothing shows zeros, not gaps", () => {
  const registry = new Registry();
  new NodeMetrics(registry);
  for (const [name, value] of samplesOf(registry.render())) assert.equal(value, 0, name);
});

test("what the host tells is in the right bucket", () => {
  const metrics = new NodeMetrics(new Registry());
  const host = new HostMetrics(metrics);
  host.synced(700, "wal-0000000000000001");
  host.synced(90_000, "snapshot-0001-0000000000000001-0000000000000001.1.tmp");
  host.batchApplied(40);
  host.batchApplied(150_000);
  host.turnEnded(300);
  host.logWritten(512);
  host.logWritten(100);
  const samples = samplesOf(metrics.registry.render());
  assert.equal(samples.get('etcd_disk_wal_fsync_duration_seconds_bucket{le="0.0005"}'), 0);
  assert.equal(samples.get('etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"}'), 1);
  assert.equal(samples.get("etcd_disk_wal_fsync_duration_seconds_sum"), 0.0007);
  assert.equal(samples.get("etcd_snap_fsync_duration_seconds_count"), 1);
  assert.equal(samples.get("etcd_disk_backend_commit_duration_seconds_count"), 2);
  assert.equal(samples.get("etcd_server_slow_apply_total"), 1);
  assert.equal(samples.get("synod_turn_duration_seconds_count"), 1);
  assert.equal(samples.get("etcd_disk_wal_write_bytes_total"), 612);
  assert.equal(samples.get('synod_batch_bytes_bucket{le="256"}'), 1);
});

test("the transport's totals are shown by peer", () => {
  const metrics = new NodeMetrics(new Registry());
  registerPeerMetrics(metrics, 1, {
    peers: () => [2],
    stats: () => ({ connected: true, bytesSent: 5, bytesReceived: 6, overflowed: 1, unreachable: 2, disconnects: 3 }),
  });
  const roundTrip = 'etcd_network_peer_round_trip_time_seconds_bucket{To="2",le=';
  assert.equal(samplesOf(metrics.registry.render()).get(`${roundTrip}"+Inf"}`), 0, "there before the first answer");
  new HostMetrics(metrics).roundTrip(2, 0.0003);
  const samples = samplesOf(metrics.registry.render());
  assert.equal(samples.get('etcd_network_peer_sent_bytes_total{To="2"}'), 5);
  assert.equal(samples.get('etcd_network_peer_received_bytes_total{From="2"}'), 6);
  assert.equal(samples.get('etcd_network_peer_sent_failures_total{To="2"}'), 3);
  assert.equal(samples.get('etcd_network_active_peers{Local="1",Remote="2"}'), 1);
  assert.equal(samples.get('etcd_network_disconnected_peers_total{Local="1",Remote="2"}'), 3);
  assert.equal(samples.get('etcd_network_known_peers{Local="1"}'), 1);
  assert.equal(samples.get(`${roundTrip}"0.0002"}`), 0);
  assert.equal(samples.get(`${roundTrip}"0.0004"}`), 1);
});

test("calls are shown by method and status under gRPC's own names, all of them from the start", () => {
  const registry = new Registry();
  const calls = new GrpcCallCounts(2);
  const methods = [{ path: "/etcdserverpb.KV/Put" }, { path: "/etcdserverpb.Watch/Watch", clientStreaming: true }];
  registerGrpcMetrics(registry, methods, { calls, sentBytes: 10, receivedBytes: 20 });
  calls.start(0);
  calls.start(1);
  calls.finish(0, 14);
  calls.finish(1, 99);
  const samples = samplesOf(registry.render());
  const put = 'grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put"';
  const watch = 'grpc_type="bidi_stream",grpc_service="etcdserverpb.Watch",grpc_method="Watch"';
  assert.equal(samples.get(`grpc_server_started_total{${put}}`), 1);
  assert.equal(samples.get(`grpc_server_handled_total{${put},grpc_code="Unavailable"}`), 1);
  assert.equal(samples.get(`grpc_server_handled_total{${put},grpc_code="Unauthenticated"}`), 0);
  assert.equal(samples.get(`grpc_server_started_total{${watch}}`), 1);
  assert.equal(samples.get(`grpc_server_handled_total{${watch},grpc_code="Unknown"}`), 1);
  assert.equal([...samples.keys()].filter((name) => name.startsWith("grpc_server_handled_total")).length, 2 * 17);
  assert.equal(samples.get("etcd_network_client_grpc_sent_bytes_total"), 10);
  assert.equal(samples.get("etcd_network_client_grpc_received_bytes_total"), 20);
});

test("a process shows its memory, its descriptors and its time", () => {
  const registry = new Registry();
  registerProcessMetrics(registry)();
  const samples = samplesOf(registry.render());
  assert.ok((samples.get("process_resident_memory_bytes") ?? 0) > 1e6);
  assert.ok((samples.get("process_cpu_seconds_total") ?? 0) > 0);
  assert.ok((samples.get("process_start_time_seconds") ?? 0) > 1.6e9);
  if (process.platform === "linux") {
    const open = samples.get("process_open_fds") ?? 0;
    assert.ok(open > 2 && open <= (samples.get("process_max_fds") ?? 0));
  }
});
