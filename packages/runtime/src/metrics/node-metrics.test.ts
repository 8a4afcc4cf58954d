import assert from "node:assert/strict";
import { test } from "node:test";
import { NodeMetrics } from "./node-metrics.ts";
import { registerPeerMetrics } from "./peer-metrics.ts";
import { registerProcessMetrics } from "./process-metrics.ts";
import { Registry } from "./registry.ts";

function nodeMetrics(): NodeMetrics {
  return new NodeMetrics(new Registry(), { server: "3.4.23", cluster: "3.4", nodeId: "8e9e05c52164694d" });
}

/** Every sample of a page, checked line by line against the text format. */
function samples(page: string): Map<string, number> {
  const result = new Map<string, number>();
  for (const line of page.trimEnd().split("\n")) {
    if (/^# (HELP|TYPE) /.test(line)) continue;
    const match = /^([a-zA-Z_:][\w:]*(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)+\})?) (\S+)$/.exec(line);
    assert.ok(match !== null, `not a sample: ${line}`);
    assert.equal(result.has(match[1] as string), false, `twice: ${line}`);
    result.set(match[1] as string, Number(match[2]));
  }
  return result;
}

test("the names that etcd's dashboards and alerts need are there from the start", () => {
  const metrics = nodeMetrics();
  metrics.grpc.method("unary", "etcdserverpb.KV", "Put", true);
  const record = registerPeerMetrics(metrics, 1, {
    peers: () => [2],
    stats: () => ({ connected: true, bytesSent: 5, bytesReceived: 6, overflowed: 1, unreachable: 2, disconnects: 3 }),
  });
  record(2, 0.0003);
  const stop = registerProcessMetrics(metrics.registry);
  stop();
  const found = samples(metrics.registry.render());
  const needed = [
    "etcd_server_has_leader",
    "etcd_server_is_leader",
    "etcd_server_leader_changes_seen_total",
    "etcd_server_proposals_committed_total",
    "etcd_server_proposals_applied_total",
    "etcd_server_proposals_pending",
    "etcd_server_proposals_failed_total",
    "etcd_server_quota_backend_bytes",
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    'etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"}',
    'etcd_disk_backend_commit_duration_seconds_bucket{le="8.192"}',
    "etcd_network_client_grpc_sent_bytes_total",
    "etcd_network_client_grpc_received_bytes_total",
    'grpc_server_started_total{grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put"}',
    'grpc_server_handled_total{grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put",grpc_code="OK"}',
    'grpc_server_handled_total{grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put",grpc_code="Unauthenticated"}',
    'grpc_server_handling_seconds_bucket{grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put",le="+Inf"}',
    "etcd_mvcc_range_total",
    "etcd_mvcc_put_total",
    "etcd_mvcc_delete_total",
    "etcd_mvcc_txn_total",
  ];
  for (const name of needed) assert.equal(found.get(name), 0, name);
  assert.equal(found.get('etcd_network_peer_sent_bytes_total{To="2"}'), 5);
  assert.equal(found.get('etcd_network_peer_received_bytes_total{From="2"}'), 6);
  assert.equal(found.get('etcd_network_peer_sent_failures_total{To="2"}'), 3);
  assert.equal(found.get('etcd_network_active_peers{Local="1",Remote="2"}'), 1);
  assert.equal(found.get('etcd_network_peer_round_trip_time_seconds_bucket{To="2",le="0.0002"}'), 0);
  assert.equal(found.get('etcd_network_peer_round_trip_time_seconds_bucket{To="2",le="0.0004"}'), 1);
  assert.equal(found.get('etcd_server_version{server_version="3.4.23"}'), 1);
});

test("a method's counters are found once; its codes are in the order of their numbers", () => {
  const metrics = nodeMetrics();
  const put = metrics.grpc.method("unary", "etcdserverpb.KV", "Put", false);
  assert.equal(put.handled.length, 17);
  put.started.inc();
  put.handled[14]?.inc();
  const page = metrics.registry.render();
  assert.match(page, /grpc_server_handled_total\{.*grpc_method="Put",grpc_code="Unavailable"\} 1\n/);
  assert.equal(put.handling, undefined);
  assert.ok(!page.includes("grpc_server_handling_seconds_bucket"));
});

test("a process shows its memory, its descriptors and its time", () => {
  const registry = new Registry();
  registerProcessMetrics(registry)();
  const found = samples(registry.render());
  assert.ok((found.get("process_resident_memory_bytes") ?? 0) > 1e6);
  assert.ok((found.get("process_cpu_seconds_total") ?? 0) > 0);
  assert.ok((found.get("process_start_time_seconds") ?? 0) > 1.6e9);
  if (process.platform === "linux") {
    const open = found.get("process_open_fds") ?? 0;
    assert.ok(open > 2 && open <= (found.get("process_max_fds") ?? 0));
  }
});
