import type { Counter, Gauge } from "@synod/runtime/metrics/instruments";
import type { Registry } from "@synod/runtime/metrics/registry";
import { STORE_METHODS } from "@synod/store/server/methods";
import { VERSION } from "@synod/store/server/options";
import type { StoreService } from "@synod/store/server/service";
import { registerLimitMetrics } from "./limit-metrics.ts";
import { registerMaintenanceMetrics } from "./maintenance-metrics.ts";

/** What the store keeps anyway, under etcd's names; looked up when the page is read. */
export function registerStoreMetrics(registry: Registry, store: StoreService): void {
  registerIdentity(registry, store);
  registerOperations(registry, store);
  registerSizes(registry, store);
  registerWatches(registry, store);
  registerLimitMetrics(registry, store);
  registerMaintenanceMetrics(registry, store);
}

function registerIdentity(registry: Registry, { group, options, areas }: StoreService): void {
  const labelled = (name: string, help: string, label: string, value: string): void =>
    registry.gauges(name, help, [label]).labels(value).set(1);
  const of = (label: string, what: string): string => `1 for '${label}' label with current ${what}.`;
  const id = options.memberId(group.status.self).toString(16);
  const version = of("server_version", "version");
  labelled("etcd_server_version", `Which version's API is served. ${version}`, "server_version", VERSION);
  labelled("etcd_server_id", `Server or member ID in hexadecimal format. ${of("server_id", "ID")}`, "server_id", id);
  const runtime = of("server_go_version", "version");
  labelled(
    "etcd_server_go_version",
    `Which Node.js the server runs on. ${runtime}`,
    "server_go_version",
    process.version,
  );
  const clusterHelp = `Which version is running. ${of("cluster_version", "cluster version")}`;
  labelled("etcd_cluster_version", clusterHelp, "cluster_version", areas.version.clusterVersion);
}

function registerOperations(registry: Registry, { model }: StoreService): void {
  const total = (name: string): ((value: number) => void) => {
    const counter = registry.counter(`etcd_mvcc_${name}_total`, `Total number of ${name}s seen by this member.`);
    return (value) => counter.set(value);
  };
  const [range, put, deletes, txn] = [total("range"), total("put"), total("delete"), total("txn")];
  const lease = (name: string, what: string): Counter => registry.counter(`etcd_debugging_${name}_total`, what);
  const granted = lease("lease_granted", "The total number of granted leases.");
  const revoked = lease("lease_revoked", "The total number of revoked leases.");
  const renewed = lease("lease_renewed", "The number of renewed leases seen by the leader.");
  const expired = lease("server_lease_expired", "The total number of expired leases.");
  registry.onRender(() => {
    const { counts } = model;
    range(counts.range);
    put(counts.put);
    deletes(counts.deleteRange);
    txn(counts.txn);
    granted.set(counts.leaseGrant);
    revoked.set(counts.leaseRevoke);
    renewed.set(counts.leaseRenew);
    expired.set(counts.leaseExpire);
  });
}

function registerSizes(
  registry: Registry,
  { model, snapshots, hashes, quota: { quota: allowed } }: StoreService,
): void {
  const mvcc = (name: string, help: string): Gauge => registry.gauge(`etcd_mvcc_${name}`, help);
  const total = mvcc("db_total_size_in_bytes", "Total size of the records held in bytes.");
  const inUse = mvcc("db_total_size_in_use_in_bytes", "Total size of the records logically in use in bytes.");
  const readers = mvcc("db_open_read_transactions", "The number of snapshots and hashes that are being made.");
  const debugging = (name: string, help: string): Gauge => registry.gauge(`etcd_debugging_mvcc_${name}`, help);
  const keys = registry.untyped("etcd_debugging_mvcc_keys_total", "Total number of keys.");
  const current = debugging("current_revision", "The current revision of store.");
  const compacted = debugging("compact_revision", "The revision of the last compaction in store; -1 before the first.");
  // Alerts divide by the quota: without one the quotient must be nothing.
  const quota = registry.gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.");
  quota.set(allowed.bytes === 0 ? Number.POSITIVE_INFINITY : allowed.bytes);
  const leases = registry.gauge("synod_store_leases", "Leases that have been granted and have not ended.");
  registry.onRender(() => {
    total.set(model.sizeInBytes);
    inUse.set(model.sizeInUseInBytes);
    readers.set(snapshots.size + (hashes.isRunning ? 1 : 0));
    keys.set(model.keyCount);
    current.set(model.revision);
    compacted.set(model.compactedRevision);
    leases.set(model.leaseCount);
  });
}

const WATCH = STORE_METHODS.findIndex(({ path }) => path === "/etcdserverpb.Watch/Watch");
const PROMOTE = STORE_METHODS.findIndex(({ path }) => path === "/etcdserverpb.Cluster/MemberPromote");

function registerWatches(registry: Registry, { watches, traffic: { calls } }: StoreService): void {
  const debugging = (name: string): string => `etcd_debugging_mvcc_${name}_total`;
  const all = registry.untyped(debugging("watcher"), "Total number of watchers.");
  const slow = registry.untyped(debugging("slow_watcher"), "Total number of watchers that are told from history.");
  const streams = registry.untyped(debugging("watch_stream"), "Total number of watch streams.");
  const events = registry.counter(debugging("events"), "Total number of events sent by this member.");
  const promoted = registry.untyped(
    "etcd_server_learner_promote_successes",
    "The total number of successful learner promotions while this member is leader.",
  );
  registry.onRender(() => {
    all.set(watches.watcherCount);
    slow.set(watches.behindCount);
    streams.set(calls.open(WATCH));
    events.set(watches.eventsSent);
    promoted.set(calls.handled(PROMOTE, 0));
  });
}
