import { type Counter, exponentialBuckets, type Gauge, type Histogram } from "./instruments.ts";
import type { Family, Registry } from "./registry.ts";

/**
 * The metrics of a node's foundation. Where etcd has the metric it carries etcd's name, so that etcd's dashboards and alerts
 * work unchanged; the rest begins with `synod_`. Services declare their own beside these.
 */
export class NodeMetrics {
  readonly registry: Registry;
  readonly consensus: ConsensusMetrics;
  readonly disk: DiskMetrics;
  readonly peers: PeerMetrics;
  readonly turn: TurnMetrics;
  /** How labels call a node: as etcd's, by its member id, as soon as that is known. */
  nameOf: (node: number) => string = String;

  constructor(registry: Registry) {
    this.registry = registry;
    this.consensus = consensusMetrics(registry);
    this.disk = diskMetrics(registry);
    this.peers = peerMetrics(registry);
    this.turn = turnMetrics(registry);
  }
}

export interface ConsensusMetrics {
  readonly hasLeader: Gauge;
  readonly isLeader: Gauge;
  readonly isLearner: Gauge;
  readonly leaderChanges: Counter;
  readonly committed: Counter;
  readonly applied: Counter;
  readonly pending: Gauge;
  readonly failed: Counter;
  readonly slowApply: Counter;
  readonly slowReadIndexes: Counter;
  readonly readIndexesFailed: Counter;
}

function consensusMetrics(registry: Registry): ConsensusMetrics {
  const gauge = (name: string, help: string): Gauge => registry.gauge(`etcd_server_${name}`, help);
  const counter = (name: string, help: string): Counter => registry.counter(`etcd_server_${name}`, help);
  return {
    hasLeader: gauge("has_leader", "Whether or not a leader exists. 1 is existence, 0 is not."),
    isLeader: gauge("is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise."),
    isLearner: gauge("is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise."),
    leaderChanges: counter("leader_changes_seen_total", "The number of leader changes seen."),
    committed: counter("proposals_committed_total", "The total number of consensus proposals committed."),
    applied: counter("proposals_applied_total", "The total number of consensus proposals applied."),
    pending: gauge("proposals_pending", "The current number of pending proposals to commit."),
    failed: counter("proposals_failed_total", "The total number of failed proposals seen."),
    slowApply: counter("slow_apply_total", "The total number of batches that took more than 0.1 s to apply."),
    slowReadIndexes: counter("slow_read_indexes_total", "How often the leader had to be asked again for a read."),
    readIndexesFailed: counter("read_indexes_failed_total", "The total number of failed linearizable reads."),
  };
}

export interface DiskMetrics {
  /** Seconds. */
  readonly walFsync: Histogram;
  readonly snapshotFsync: Histogram;
  readonly backendCommit: Histogram;
  readonly walWriteBytes: Counter;
  readonly walSize: Gauge;
}

function diskMetrics(registry: Registry): DiskMetrics {
  // From a quarter of a millisecond, as good disks are quicker than etcd's first bound, 1 ms, which is among these.
  const buckets = exponentialBuckets(0.00025, 2, 16);
  const histogram = (name: string, help: string): Histogram => registry.histogram(name, help, buckets);
  return {
    walFsync: histogram("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL."),
    snapshotFsync: histogram("etcd_snap_fsync_duration_seconds", "The latency distributions of fsync called by snap."),
    backendCommit: histogram(
      "etcd_disk_backend_commit_duration_seconds",
      "The latency distributions of applying one committed batch to the state.",
    ),
    walWriteBytes: registry.counter("etcd_disk_wal_write_bytes_total", "Total number of bytes written in WAL."),
    walSize: registry.gauge("synod_wal_size_bytes", "Bytes of the log's files together, spares included."),
  };
}

export interface PeerMetrics {
  readonly sentBytes: Family<Counter>;
  readonly receivedBytes: Family<Counter>;
  readonly sentFailures: Family<Counter>;
  readonly roundTrip: Family<Histogram>;
  readonly active: Family<Gauge>;
  readonly disconnected: Family<Counter>;
  readonly known: Family<Gauge>;
}

function peerMetrics(registry: Registry): PeerMetrics {
  const link = ["Local", "Remote"];
  const name = (rest: string): string => `etcd_network_${rest}`;
  return {
    sentBytes: registry.counters(name("peer_sent_bytes_total"), "The total number of bytes sent to peers.", ["To"]),
    receivedBytes: registry.counters(
      name("peer_received_bytes_total"),
      "The total number of bytes received from peers.",
      ["From"],
    ),
    sentFailures: registry.counters(
      name("peer_sent_failures_total"),
      "The total number of messages to peers that were dropped: no connection, or its queue was full.",
      ["To"],
    ),
    roundTrip: registry.histograms(
      name("peer_round_trip_time_seconds"),
      "Round-Trip-Time histogram between peers.",
      ["To"],
      exponentialBuckets(0.0001, 2, 16),
    ),
    active: registry.gauges(name("active_peers"), "The current number of active peer connections.", link),
    disconnected: registry.counters(name("disconnected_peers_total"), "The total number of disconnected peers.", link),
    known: registry.gauges(name("known_peers"), "The current number of known peers.", ["Local"]),
  };
}

export interface TurnMetrics {
  /** Seconds. */
  readonly length: Histogram;
  readonly batchBytes: Histogram;
  /** By `queue`: what waits, and what was refused because too much waited. */
  readonly queueDepth: Family<Gauge>;
  readonly queueRefused: Family<Counter>;
}

function turnMetrics(registry: Registry): TurnMetrics {
  return {
    length: registry.histogram(
      "synod_turn_duration_seconds",
      "How long one turn of the node's loop took; the disk's share is in it while the disk is quick.",
      exponentialBuckets(0.00005, 2, 14),
    ),
    batchBytes: registry.histogram(
      "synod_batch_bytes",
      "Bytes appended to the write-ahead log at once.",
      exponentialBuckets(256, 4, 10),
    ),
    queueDepth: registry.gauges("synod_queue_depth", "What waits in a bounded queue.", ["queue"]),
    queueRefused: registry.counters("synod_queue_refused_total", "What a full queue turned away.", ["queue"]),
  };
}
