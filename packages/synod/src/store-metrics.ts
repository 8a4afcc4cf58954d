import type { Gauge } from "@synod/runtime/metrics/instruments";
import type { Registry } from "@synod/runtime/metrics/registry";
import { VERSION } from "@synod/store/server/options";
import type { StoreService } from "@synod/store/server/service";

import { registerLimitMetrics } from "./limit-metrics.ts";
/** What the store keeps anyway, under etcd's names; looked up when the page is read. */
export function registerStoreMetrics(registry: Registry, store: StoreService): void {
  registerIdentity(registry, store);
  registerOperations(registry, store);
  registerSizes(registry, store);
  registerWatches(registry, store);
}
  registerLimitMetrics(registry, store);

function registerIdentity(registry: Registry, { group, options }: StoreService): void {
  const labelled = (name: string, help: string, label: string, value: string): void =>
    registry.gauges(name, help, [label]).labels(value).set(1);
  const id = options.memberId(group.status.self).toString(16);
  labelled("etcd_server_version", "Which version's API is served. 1 for the label.", "server_version", VERSION);
  labelled("etcd_cluster_version", "Which version's API is served. 1 for the label.", "cluster_version", VERSION);
  labelled("etcd_server_id", "Member ID in hexadecimal format. 1 for the label.", "server_id", id);
}

function registerOperations(registry: Registry, { model }: StoreService): void {
  const total = (name: string): ((value: number) => void) => {
    const counter = registry.counter(`etcd_mvcc_${name}_total`, `Total number of ${name} operations on this member.`);
    return (value) => counter.set(value);
  };
  const [range, put, deletes, txn] = [total("range"), total("put"), total("delete"), total("txn")];
  registry.onRender(() => {
    range(model.counts.range);
    put(model.counts.put);
    deletes(model.counts.deleteRange);
    txn(model.counts.txn);
  });
}

function registerSizes(registry: Registry, { model, quota: { quota: allowed } }: StoreService): void {
  const mvcc = (name: string, help: string): Gauge => registry.gauge(`etcd_mvcc_${name}`, help);
  const total = mvcc("db_total_size_in_bytes", "Bytes held for records.");
  const inUse = mvcc("db_total_size_in_use_in_bytes", "Bytes of records that are in use.");
  const debugging = (name: string, help: string): Gauge => registry.gauge(`etcd_debugging_mvcc_${name}`, help);
  const keys = debugging("keys_total", "Total number of keys.");
  const current = debugging("current_revision", "The current revision of store.");
  const compacted = debugging("compact_revision", "The revision of the last compaction in store; -1 before the first.");
  // Alerts divide by the quota: without one the quotient must be nothing.
  const quota = registry.gauge("etcd_server_quota_backend_bytes", "Storage quota in bytes; +Inf: there is none.");
  quota.set(allowed.bytes === 0 ? Number.POSITIVE_INFINITY : allowed.bytes);
  const leases = registry.gauge("synod_store_leases", "Leases that have been granted and have not ended.");
  registry.onRender(() => {
    total.set(model.sizeInBytes);
    inUse.set(model.sizeInUseInBytes);
    keys.set(model.keyCount);
    current.set(model.revision);
    compacted.set(model.compactedRevision);
    leases.set(model.leaseCount);
  });
}

function registerWatches(registry: Registry, { watches }: StoreService): void {
  const all = registry.gauge("etcd_debugging_mvcc_watcher_total", "Total number of watchers.");
  const slow = registry.gauge("etcd_debugging_mvcc_slow_watcher_total", "Watchers that are told from history.");
  registry.onRender(() => {
    all.set(watches.watcherCount);
    slow.set(watches.behindCount);
  });
}
