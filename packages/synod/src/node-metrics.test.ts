import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createLogger } from "@synod/runtime/log/logger";
import { samplesOf } from "@synod/runtime/metrics/testing";
import { parsePeers, portsOf } from "./addresses.ts";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { memberIdOf } from "./identities.ts";
import { type RunningNode, startNode } from "./node.ts";
import { freePortOffset } from "./testing/run.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-metrics-"));
const host = "127.0.0.1";
const nodes: RunningNode[] = [];
let ports = portsOf(1, 0);

before(async () => {
  const offset = await freePortOffset(2);
  const names = ["n1", "n2"];
  const peers = parsePeers(
    names.map((name, i) => `${name}=${host}:${portsOf(i + 1, offset).peers}`),
    [],
  );
  ports = portsOf(1, offset);
  for (const [i, self] of peers.entries()) {
    const data = join(folder, self.name);
    const logger = createLogger({ node: self.name, sink: { write: () => {}, flush: () => {} } });
    nodes.push(await startNode({ self, peers, cluster: "test", data, host, ports: portsOf(i + 1, offset) }, logger));
  }
  await Promise.all(nodes.map(({ ready }) => ready));
});

after(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function scrape(port: number): Promise<Map<string, number>> {
  const response = await fetch(`http://${host}:${port}/metrics`);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return samplesOf(await response.text());
}

const [SELF, PEER] = ["n1", "n2"].map((name) => memberIdOf("test", name).toString(16));

/** What dashboards and alerts made for etcd ask for, with what it must be after one put and one get. */
const NEEDED: readonly (readonly [name: string, fits: (value: number) => boolean])[] = [
  ["etcd_server_has_leader", (value) => value === 1],
  ["etcd_server_leader_changes_seen_total", (value) => value >= 1],
  ["etcd_server_proposals_committed_total", (value) => value >= 2],
  ["etcd_server_proposals_applied_total", (value) => value >= 2],
  ["etcd_server_proposals_pending", (value) => value === 0],
  ["etcd_server_proposals_failed_total", (value) => value >= 0],
  ["etcd_server_quota_backend_bytes", (value) => value > 0],
  ['etcd_server_version{server_version="3.5.0"}', (value) => value === 1],
  ["etcd_mvcc_db_total_size_in_bytes", (value) => value > 0],
  ["etcd_mvcc_db_total_size_in_use_in_bytes", (value) => value > 0],
  ["etcd_mvcc_put_total", (value) => value === 1],
  ["etcd_mvcc_range_total", (value) => value === 1],
  ["etcd_mvcc_delete_total", (value) => value === 0],
  ["etcd_mvcc_txn_total", (value) => value === 0],
  ["etcd_debugging_mvcc_keys_total", (value) => value === 1],
  ["etcd_debugging_mvcc_current_revision", (value) => value === 2],
  ["etcd_debugging_mvcc_compact_revision", (value) => value === -1],
  ["etcd_debugging_mvcc_watcher_total", (value) => value === 0],
  ["etcd_debugging_mvcc_watch_stream_total", (value) => value === 0],
  ["etcd_debugging_lease_granted_total", (value) => value === 0],
  ["process_virtual_memory_bytes", (value) => value > 1e7],
  ['etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"}', (value) => value >= 2],
  ["etcd_disk_wal_fsync_duration_seconds_sum", (value) => value > 0 && value < 60],
  ["etcd_disk_wal_write_bytes_total", (value) => value > 100],
  ['etcd_disk_backend_commit_duration_seconds_bucket{le="+Inf"}', (value) => value >= 2],
  ["etcd_network_client_grpc_received_bytes_total", (value) => value > 50],
  ["etcd_network_client_grpc_sent_bytes_total", (value) => value > 50],
  [`etcd_network_peer_sent_bytes_total{To="${PEER}"}`, (value) => value > 100],
  [`etcd_network_peer_received_bytes_total{From="${PEER}"}`, (value) => value > 100],
  [`etcd_network_peer_sent_failures_total{To="${PEER}"}`, (value) => value >= 0],
  [`etcd_network_active_peers{Local="${SELF}",Remote="${PEER}"}`, (value) => value === 1],
  [`etcd_network_peer_round_trip_time_seconds_bucket{To="${PEER}",le="+Inf"}`, (value) => value >= 1],
  ["process_resident_memory_bytes", (value) => value > 1e7],
  ["process_open_fds", (value) => value > 5],
  ["process_max_fds", (value) => value > 5],
  ["synod_wal_size_bytes", (value) => value > 0],
  ['synod_turn_duration_seconds_bucket{le="+Inf"}', (value) => value > 2],
  ['synod_queue_depth{queue="reads"}', (value) => value === 0],
];

test("after a put and a get a node's page has every name that etcd's alerts need, with sensible values", async () => {
  const client = new EtcdApi(`${host}:${ports.store}`, 5000);
  assert.equal((await client.put("k", "v")).type, "ok");
  assert.equal((await client.get("k")).type, "ok");
  client.close();
  // The first answer of the peer to a ping is half a second away at most.
  const roundTrips = `etcd_network_peer_round_trip_time_seconds_count{To="${PEER}"}`;
  let samples = await scrape(ports.store);
  while (samples.get(roundTrips) === 0) samples = await scrape(ports.store);
  for (const [name, fits] of NEEDED) {
    const value = samples.get(name);
    assert.ok(value !== undefined, `${name} is missing`);
    assert.ok(fits(value), `${name} is ${value}`);
  }
  for (const method of ["Put", "Range"]) {
    const labels = `grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="${method}"`;
    assert.equal(samples.get(`grpc_server_started_total{${labels}}`), 1, method);
    assert.equal(samples.get(`grpc_server_handled_total{${labels},grpc_code="OK"}`), 1, method);
    assert.equal(samples.get(`grpc_server_handled_total{${labels},grpc_code="Unavailable"}`), 0, method);
  }
});

test("what is asked of the whole store is timed, and promotions that fail are counted", async () => {
  const ask = async (path: string, body = "{}"): Promise<void> => {
    const answer = await fetch(`http://${host}:${ports.store}/v3/${path}`, { method: "POST", body });
    await answer.arrayBuffer();
  };
  for (const path of ["maintenance/hash", "maintenance/hashkv", "maintenance/snapshot"]) await ask(path);
  await ask("cluster/member/promote", '{"ID": "12345"}');
  const samples = await scrape(ports.store);
  for (const name of ["mvcc_hash", "mvcc_hash_rev", "disk_backend_snapshot"]) {
    assert.equal(samples.get(`etcd_${name}_duration_seconds_count`), 1, name);
    assert.ok((samples.get(`etcd_${name}_duration_seconds_sum`) ?? -1) >= 0, name);
  }
  assert.equal(samples.get('etcd_server_learner_promote_failures{Reason="NotFound"}'), 1);
});

test("both ports of a node show the same metrics, and of two nodes one leads", async () => {
  const [store, http] = await Promise.all([scrape(ports.store), scrape(ports.http)]);
  assert.deepEqual([...http.keys()], [...store.keys()]);
  const offset = ports.http - portsOf(1, 0).http;
  const other = await scrape(portsOf(2, offset).http);
  assert.equal((http.get("etcd_server_is_leader") ?? 0) + (other.get("etcd_server_is_leader") ?? 0), 1);
});
