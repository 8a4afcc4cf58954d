/** What a flag's value is: Go's `bool`, a number, a duration, URLs between commas, one of some words, or any text. */
export type Kind = "flag" | "whole" | "duration" | "urls" | "text" | readonly string[];

export interface EtcdFlag {
  readonly kind: Kind;
  readonly fallback: string;
  /** Why it does nothing here. */
  readonly idle?: string;
}

const on = (kind: Kind, fallback = ""): EtcdFlag => ({ kind, fallback });
const idle =
  (why: string) =>
  (kind: Kind, fallback = ""): EtcdFlag => ({ kind, fallback, idle: why });

const ownLog = idle("the log is one file for everything, cut and snapshotted by its size in bytes");
const ownStore = idle("the store is kept in memory and in the log, without a database file");
const v2 = idle("the API of version 2 is not served");
const always = idle("this is always so");
const checked = idle("members compare the hash of their state all the time");
const limits = idle("the limits of connections are fixed");
const discovery = idle("clusters are formed by --initial-cluster alone");
const tuned = idle("this part works another way and needs no tuning");

/** The flags of etcd 3.4 and 3.5, with etcd's defaults, as they are named on its command line. */
export const ETCD_FLAGS: Readonly<Record<string, EtcdFlag>> = {
  // Member
  name: on("text", "default"),
  "data-dir": on("text"),
  "wal-dir": ownLog("text"),
  "snapshot-count": ownLog("whole", "100000"),
  "heartbeat-interval": on("whole", "100"),
  "election-timeout": on("whole", "1000"),
  "initial-election-tick-advance": tuned("flag", "true"),
  "listen-peer-urls": on("urls", "http://localhost:2380"),
  "listen-client-urls": on("urls", "http://localhost:2379"),
  "listen-client-http-urls": on("urls"),
  "max-snapshots": ownLog("whole", "5"),
  "max-wals": ownLog("whole", "5"),
  "quota-backend-bytes": on("text", "0"),
  "backend-batch-interval": ownStore("text"),
  "backend-batch-limit": ownStore("whole", "0"),
  "backend-bbolt-freelist-type": ownStore("text", "map"),
  "max-txn-ops": on("whole", "128"),
  "max-request-bytes": on("whole", "1572864"),
  "max-concurrent-streams": limits("text"),
  "grpc-keepalive-min-time": limits("duration", "5s"),
  "grpc-keepalive-interval": limits("duration", "2h"),
  "grpc-keepalive-timeout": limits("duration", "20s"),
  "socket-reuse-port": limits("flag", "false"),
  "socket-reuse-address": limits("flag", "false"),
  // Clustering
  "initial-advertise-peer-urls": on("urls", "http://localhost:2380"),
  "initial-cluster": on("text"),
  "initial-cluster-state": on(["new", "existing"], "new"),
  "initial-cluster-token": on("text", "etcd-cluster"),
  "advertise-client-urls": on("urls", "http://localhost:2379"),
  discovery: discovery("text"),
  "discovery-fallback": discovery(["exit", "proxy"], "proxy"),
  "discovery-proxy": discovery("text"),
  "discovery-srv": discovery("text"),
  "discovery-srv-name": discovery("text"),
  "strict-reconfig-check": on("flag", "true"),
  "pre-vote": always("flag", "true"),
  "auto-compaction-mode": on(["periodic", "revision"], "periodic"),
  "auto-compaction-retention": on("text", "0"),
  "enable-v2": v2("flag", "false"),
  "v2-deprecation": v2("text", "not-yet"),
  // Security
  "cert-file": on("text"),
  "key-file": on("text"),
  "client-cert-auth": on("flag", "false"),
  "client-crl-file": on("text"),
  "client-cert-allowed-hostname": on("text"),
  "trusted-ca-file": on("text"),
  "auto-tls": on("flag", "false"),
  "peer-cert-file": on("text"),
  "peer-key-file": on("text"),
  "peer-client-cert-auth": on("flag", "false"),
  "peer-trusted-ca-file": on("text"),
  "peer-cert-allowed-cn": on("text"),
  "peer-cert-allowed-hostname": on("text"),
  "peer-auto-tls": on("flag", "false"),
  "peer-crl-file": on("text"),
  "self-signed-cert-validity": on("whole", "1"),
  "cipher-suites": on("text"),
  "tls-min-version": on(["", "TLS1.2", "TLS1.3"]),
  "tls-max-version": on(["", "TLS1.2", "TLS1.3"]),
  cors: on("text"),
  "host-whitelist": on("text", "*"),
  // Auth
  "auth-token": on("text", "simple"),
  "bcrypt-cost": on("whole", "10"),
  "auth-token-ttl": on("whole", "300"),
  // Profiling, monitoring, logging
  "enable-pprof": idle("Node's own profiler is there: node --cpu-prof")("flag", "false"),
  metrics: on(["basic", "extensive"], "basic"),
  "listen-metrics-urls": on("urls"),
  logger: on(["zap", "capnslog"], "zap"),
  "log-outputs": on("text", "default"),
  "log-level": on(["debug", "info", "warn", "error", "panic", "dpanic", "fatal"], "info"),
  "log-format": on(["json", "console"], "json"),
  "log-package-levels": idle("--log-level counts for all of it")("text"),
  "enable-log-rotation": idle("leave it to journald or logrotate")("flag", "false"),
  "log-rotation-config-json": idle("leave it to journald or logrotate")("text"),
  debug: on("flag", "false"),
  // Version 2's proxy
  proxy: v2(["off", "readonly", "on"], "off"),
  "proxy-failure-wait": v2("whole", "5000"),
  "proxy-refresh-interval": v2("whole", "30000"),
  "proxy-dial-timeout": v2("whole", "1000"),
  "proxy-write-timeout": v2("whole", "5000"),
  "proxy-read-timeout": v2("whole", "0"),
  // Experimental
  "experimental-initial-corrupt-check": checked("flag", "false"),
  "experimental-corrupt-check-time": checked("duration", "0s"),
  "experimental-compact-hash-check-enabled": checked("flag", "false"),
  "experimental-compact-hash-check-time": checked("duration", "1m"),
  "experimental-enable-v2v3": v2("text"),
  "experimental-backend-bbolt-freelist-type": ownStore("text", "array"),
  "experimental-enable-lease-checkpoint": always("flag", "true"),
  "experimental-enable-lease-checkpoint-persist": always("flag", "true"),
  "experimental-compaction-batch-limit": tuned("whole", "1000"),
  "experimental-compaction-sleep-interval": tuned("duration", "10ms"),
  "experimental-peer-skip-client-san-verification": always("flag", "true"),
  "experimental-watch-progress-notify-interval": on("duration", "10m"),
  "experimental-warning-apply-duration": tuned("duration", "100ms"),
  "experimental-warning-unary-request-duration": tuned("duration", "300ms"),
  "experimental-bootstrap-defrag-threshold-megabytes": ownStore("whole", "0"),
  "experimental-max-learners": on("whole", "1"),
  "experimental-memory-mlock": ownStore("flag", "false"),
  "experimental-snapshot-catchup-entries": ownLog("whole", "5000"),
  "experimental-stop-grpc-service-on-defrag": always("flag", "false"),
  "experimental-txn-mode-write-with-shared-buffer": ownStore("flag", "true"),
  "experimental-wait-cluster-ready-timeout": tuned("duration", "5s"),
  "experimental-enable-distributed-tracing": idle("traces are not exported")("flag", "false"),
  "experimental-distributed-tracing-address": idle("traces are not exported")("text"),
  "experimental-distributed-tracing-service-name": idle("traces are not exported")("text"),
  "experimental-distributed-tracing-instance-id": idle("traces are not exported")("text"),
  "experimental-distributed-tracing-sampling-rate": idle("traces are not exported")("whole", "0"),
  // What only the command line has
  "force-new-cluster": on("flag", "false"),
  "config-file": on("text"),
};
