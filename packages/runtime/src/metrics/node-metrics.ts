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
  readonly mvcc: MvccMetrics;
  readonly turn: TurnMetrics;
  readonly grpc: GrpcMetrics;

  /** @param version as in `3.4.23`, the version of etcd's API that is served; @param cluster its first two parts */
  constructor(registry: Registry, version: { server: string; cluster: string; nodeId: string }) {
    this.registry = registry;
    const info = (name: string, help: string, label: string, value: string): void =>
      registry.gauges(name, help, [label]).labels(value).set(1);
    info(
      "etcd_server_version",
      "Which version is running. 1 for the server_version label.",
      "server_version",
      version.server,
    );
    info(
      "etcd_server_id",
      "Server or member ID in hexadecimal format. 1 for the server_id label.",
      "server_id",
      version.nodeId,
    );
    info(
      "etcd_cluster_version",
      "Which version is running. 1 for the cluster_version label.",
      "cluster_version",
      version.cluster,
    );
    this.consensus = consensusMetrics(registry);
    this.disk = diskMetrics(registry);
    this.peers = peerMetrics(registry);
    this.mvcc = mvccMetrics(registry);
    this.turn = turnMetrics(registry);
    this.grpc = new GrpcMetrics(registry);
  }
}

export interface ConsensusMetrics {
  readonly hasLeader: Gauge;
  readonly isLeader: Gauge;
  readonly isLearner: Gauge;
  readonly leaderChanges: Counter;
  readonly committed: Gauge;
  readonly applied: Gauge;
  readonly pending: Gauge;
  readonly failed: Counter;
  readonly heartbeatSendFailures: Counter;
  readonly slowApply: Counter;
  readonly slowReadIndexes: Counter;
  readonly readIndexesFailed: Counter;
}

function consensusMetrics(registry: Registry): ConsensusMetrics {
  const server = (name: string, help: string): [string, string] => [`etcd_server_${name}`, help];
  return {
    hasLeader: registry.gauge(...server("has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.")),
    isLeader: registry.gauge(...server("is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.")),
    isLearner: registry.gauge(
      ...server("is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise."),
    ),
    leaderChanges: registry.counter(...server("leader_changes_seen_total", "The number of leader changes seen.")),
    committed: registry.gauge(
      ...server("proposals_committed_total", "The total number of consensus proposals committed."),
    ),
    applied: registry.gauge(...server("proposals_applied_total", "The total number of consensus proposals applied.")),
    pending: registry.gauge(...server("proposals_pending", "The current number of pending proposals to commit.")),
    failed: registry.counter(...server("proposals_failed_total", "The total number of failed proposals seen.")),
    heartbeatSendFailures: registry.counter(
      ...server("heartbeat_send_failures_total", "The total number of leader heartbeats that could not be sent."),
    ),
    slowApply: registry.counter(...server("slow_apply_total", "The total number of slow apply requests.")),
    slowReadIndexes: registry.counter(
      ...server("slow_read_indexes_total", "The total number of slow linearizable reads."),
    ),
    readIndexesFailed: registry.counter(
      ...server("read_indexes_failed_total", "The total number of failed read indexes seen."),
    ),
  };
}

export interface DiskMetrics {
  /** Seconds. */
  readonly walFsync: Histogram;
  readonly walWriteBytes: Counter;
  readonly backendCommit: Histogram;
  readonly snapshotFsync: Histogram;
}

function diskMetrics(registry: Registry): DiskMetrics {
  const buckets = exponentialBuckets(0.001, 2, 14);
  const histogram = (name: string, help: string): Histogram => registry.histogram(name, help, buckets);
  return {
    walFsync: histogram("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL."),
    walWriteBytes: registry.counter("etcd_disk_wal_write_bytes_total", "Total number of bytes written in WAL."),
    backendCommit: histogram(
      "etcd_disk_backend_commit_duration_seconds",
      "The latency distributions of applying one committed batch to the state.",
    ),
    snapshotFsync: histogram("etcd_snap_fsync_duration_seconds", "The latency distributions of fsync called by snap."),
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
  return {
    sentBytes: registry.counters("etcd_network_peer_sent_bytes_total", "The total number of bytes sent to peers.", [
      "To",
    ]),
    receivedBytes: registry.counters(
      "etcd_network_peer_received_bytes_total",
      "The total number of bytes received from peers.",
      ["From"],
    ),
    sentFailures: registry.counters(
      "etcd_network_peer_sent_failures_total",
      "The total number of messages to peers that were dropped: no connection, or its queue was full.",
      ["To"],
    ),
    roundTrip: registry.histograms(
      "etcd_network_peer_round_trip_time_seconds",
      "Round-Trip-Time histogram between peers.",
      ["To"],
      exponentialBuckets(0.0001, 2, 16),
    ),
    active: registry.gauges("etcd_network_active_peers", "The current number of active peer connections.", [
      "Local",
      "Remote",
    ]),
    disconnected: registry.counters(
      "etcd_network_disconnected_peers_total",
      "The total number of disconnected peers.",
      ["Local", "Remote"],
    ),
    known: registry.gauges("etcd_network_known_peers", "The current number of known peers.", ["Local"]),
  };
}

export interface MvccMetrics {
  readonly range: Counter;
  readonly put: Counter;
  readonly delete: Counter;
  readonly txn: Counter;
  readonly totalSize: Gauge;
  readonly sizeInUse: Gauge;
  readonly quota: Gauge;
}

function mvccMetrics(registry: Registry): MvccMetrics {
  const total = (name: string): Counter =>
    registry.counter(
      `etcd_mvcc_${name}_total`,
      `Total number of ${name === "range" ? "ranges" : `${name}s`} seen by this member.`,
    );
  return {
    range: total("range"),
    put: total("put"),
    delete: total("delete"),
    txn: total("txn"),
    totalSize: registry.gauge("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database in bytes."),
    sizeInUse: registry.gauge(
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      "Size of the database in bytes that is logically in use.",
    ),
    quota: registry.gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes."),
  };
}

export interface TurnMetrics {
  /** Seconds. */
  readonly length: Histogram;
  /** Log entries in one write-ahead log append, and inputs taken in one turn. */
  readonly batchEntries: Histogram;
  readonly batchBytes: Histogram;
  readonly inputs: Histogram;
  /** By `queue`: what waits, and what was refused because too much waited. */
  readonly queueDepth: Family<Gauge>;
  readonly queueRefused: Family<Counter>;
}

function turnMetrics(registry: Registry): TurnMetrics {
  return {
    length: registry.histogram(
      "synod_turn_duration_seconds",
      "How long one turn of the node's loop took, without the disk's share.",
      exponentialBuckets(0.00005, 2, 14),
    ),
    batchEntries: registry.histogram(
      "synod_batch_entries",
      "Log entries appended to the write-ahead log at once.",
      exponentialBuckets(1, 2, 14),
    ),
    batchBytes: registry.histogram(
      "synod_batch_bytes",
      "Bytes appended to the write-ahead log at once.",
      exponentialBuckets(256, 4, 10),
    ),
    inputs: registry.histogram(
      "synod_turn_inputs",
      "Messages and requests taken in one turn.",
      exponentialBuckets(1, 2, 14),
    ),
    queueDepth: registry.gauges("synod_queue_depth", "What waits in a bounded queue.", ["queue"]),
    queueRefused: registry.counters("synod_queue_refused_total", "What a full queue turned away.", ["queue"]),
  };
}

/** The 17 status codes, in the order of their numbers, with the names that grpc-prometheus prints. */
export const GRPC_CODES: readonly string[] = [
  ..."OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied".split(" "),
  ..."ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss".split(" "),
  "Unauthenticated",
];

/** One method's counters, found once when the method is registered. */
export interface GrpcMethodMetrics {
  readonly started: Counter;
  /** By status code. */
  readonly handled: readonly Counter[];
  /** Seconds; only with extensive metrics. */
  readonly handling: Histogram | undefined;
}

export class GrpcMetrics {
  readonly #started: Family<Counter>;
  readonly #handled: Family<Counter>;
  readonly #handling: Family<Histogram>;
  readonly sentBytes: Counter;
  readonly receivedBytes: Counter;

  constructor(registry: Registry) {
    const labels = ["grpc_type", "grpc_service", "grpc_method"];
    this.#started = registry.counters(
      "grpc_server_started_total",
      "Total number of RPCs started on the server.",
      labels,
    );
    this.#handled = registry.counters(
      "grpc_server_handled_total",
      "Total number of RPCs completed on the server, regardless of success or failure.",
      [...labels, "grpc_code"],
    );
    this.#handling = registry.histograms(
      "grpc_server_handling_seconds",
      "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.",
      labels,
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    );
    this.sentBytes = registry.counter(
      "etcd_network_client_grpc_sent_bytes_total",
      "The total number of bytes sent to grpc clients.",
    );
    this.receivedBytes = registry.counter(
      "etcd_network_client_grpc_received_bytes_total",
      "The total number of bytes received from grpc clients.",
    );
  }

  /** @param type `unary`, `client_stream`, `server_stream` or `bidi_stream` */
  method(type: string, service: string, method: string, extensive: boolean): GrpcMethodMetrics {
    return {
      started: this.#started.labels(type, service, method),
      handled: GRPC_CODES.map((code) => this.#handled.labels(type, service, method, code)),
      handling: extensive ? this.#handling.labels(type, service, method) : undefined,
    };
  }
}
