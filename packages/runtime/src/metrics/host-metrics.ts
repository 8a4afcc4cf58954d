import type { NodeId } from "@synod/protocols/protocol";
import type { GroupStatus } from "../group.ts";
import type { Host } from "../host/host.ts";
import type { HostObserver } from "../host/options.ts";
import type { NodeMetrics } from "./node-metrics.ts";
import { registerPeerMetrics, roundTripRecorder } from "./peer-metrics.ts";

/** etcd's own threshold. */
const SLOW_APPLY_MICROS = 100_000;

/** Takes what a host tells as it happens. Counting allocates nothing. */
export class HostMetrics implements HostObserver {
  readonly roundTrip: (node: NodeId, seconds: number) => void;
  readonly #metrics: NodeMetrics;

  constructor(metrics: NodeMetrics) {
    this.#metrics = metrics;
    this.roundTrip = roundTripRecorder(metrics);
  }

  turnEnded(micros: number): void {
    this.#metrics.turn.length.observe(micros / 1e6);
  }

  batchApplied(micros: number): void {
    const { consensus, disk } = this.#metrics;
    disk.backendCommit.observe(micros / 1e6);
    if (micros > SLOW_APPLY_MICROS) consensus.slowApply.inc();
  }

  logWritten(bytes: number): void {
    const { disk, turn } = this.#metrics;
    disk.walWriteBytes.inc(bytes);
    turn.batchBytes.observe(bytes);
  }

  /** For the `onSync` of the node's disk. @param file whose name says what it belongs to */
  synced(micros: number, file: string): void {
    const { walFsync, snapshotFsync } = this.#metrics.disk;
    (file.startsWith("snapshot-") ? snapshotFsync : walFsync).observe(micros / 1e6);
  }
}

/**
 * Shows what a running host keeps anyway, when the page is read.
 * @param main the group that speaks for the node: whether there is a leader, and who
 */
export function registerHostMetrics(metrics: NodeMetrics, host: Host, main: { readonly status: GroupStatus }): void {
  const { consensus, disk, registry, turn } = metrics;
  registerPeerMetrics(metrics, host.options.self, host.transport);
  const depth = { proposals: turn.queueDepth.labels("proposals"), reads: turn.queueDepth.labels("reads") };
  const refused = { proposals: turn.queueRefused.labels("proposals"), reads: turn.queueRefused.labels("reads") };
  registry.onRender(() => {
    const { leader, role } = main.status;
    consensus.hasLeader.set(leader === undefined ? 0 : 1);
    consensus.isLeader.set(role === "leader" ? 1 : 0);
    consensus.isLearner.set(role === "learner" ? 1 : 0);
    consensus.leaderChanges.set(host.stats.leaderChanges);
    disk.walSize.set(host.wal?.sizeBytes ?? 0);
  });
  registry.onRender(() => {
    const groups = [...host.groups()];
    const sum = (of: (group: (typeof groups)[number]) => number): number =>
      groups.reduce((total, group) => total + of(group), 0);
    consensus.committed.set(sum(({ status }) => status.commitIndex));
    consensus.applied.set(sum(({ status }) => status.appliedIndex));
    depth.proposals.set(sum(({ proposals }) => proposals.requests.waiting));
    depth.reads.set(sum(({ reads }) => reads.waiting));
    refused.proposals.set(sum(({ proposals }) => proposals.requests.refusals));
    refused.reads.set(sum(({ reads }) => reads.refusals));
    consensus.pending.set(depth.proposals.value);
    consensus.failed.set(refused.proposals.value + sum(({ proposals }) => proposals.requests.failures));
    consensus.readIndexesFailed.set(refused.reads.value + sum(({ reads }) => reads.failures));
    consensus.slowReadIndexes.set(sum(({ reads }) => reads.retries));
  });
}
