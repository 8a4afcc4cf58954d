import type { Group } from "@synod/runtime/group";
import type { Host } from "@synod/runtime/host/host";
import type { StoreResult, StoreStateMachine } from "@synod/store/state-machine";

/** A node's metrics as Prometheus reads them, under etcd's names so that its dashboards and alerts fit. */
export function metricsOf(host: Host, group: Group<StoreResult>, machine: StoreStateMachine): string {
  const { status } = group;
  const { stats } = host;
  const metrics: readonly (readonly [name: string, type: "gauge" | "counter", help: string, value: number])[] = [
    ["etcd_server_has_leader", "gauge", "Whether a leader is known.", status.leader === undefined ? 0 : 1],
    ["etcd_server_is_leader", "gauge", "Whether this node leads.", status.role === "leader" ? 1 : 0],
    ["etcd_server_leader_changes_seen_total", "counter", "Leader changes seen.", stats.leaderChanges],
    ["etcd_server_proposals_committed_total", "counter", "Entries committed.", status.commitIndex],
    ["etcd_server_proposals_applied_total", "counter", "Entries applied.", status.appliedIndex],
    ["etcd_mvcc_db_total_size_in_bytes", "gauge", "Bytes held for keys.", machine.model.sizeInBytes],
    ["etcd_mvcc_db_total_size_in_use_in_bytes", "gauge", "Bytes in use for keys.", machine.model.sizeInUseInBytes],
    ["etcd_debugging_mvcc_current_revision", "gauge", "The store's revision.", machine.model.revision],
    [
      "etcd_disk_wal_fsync_duration_seconds_sum",
      "counter",
      "Seconds spent in syncs of the log.",
      (host.log?.stats.flushMicros ?? 0) / 1e6,
    ],
    ["etcd_disk_wal_fsync_duration_seconds_count", "counter", "Syncs of the log.", host.log?.stats.flushes ?? 0],
    ["synod_wal_size_bytes", "gauge", "Bytes of the log on disk.", host.wal?.sizeBytes ?? 0],
    ["synod_turns_total", "counter", "Turns of the node's loop.", stats.turns],
    ["process_resident_memory_bytes", "gauge", "Resident memory.", process.memoryUsage.rss()],
    ["process_cpu_seconds_total", "counter", "Processor time.", cpuSeconds()],
  ];
  return metrics
    .map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join("");
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
