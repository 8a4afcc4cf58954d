import { exponentialBuckets, type Histogram } from "@synod/runtime/metrics/instruments";
import type { Registry } from "@synod/runtime/metrics/registry";
import { STORE_METHODS } from "@synod/store/server/methods";
import type { StoreService } from "@synod/store/server/service";

const PROMOTE = STORE_METHODS.findIndex(({ path }) => path === "/etcdserverpb.Cluster/MemberPromote");
/** As gRPC numbers the codes with which a promotion ends that fails for a reason of its own. */
const REASONS: Readonly<Record<string, number>> = { NotFound: 5, FailedPrecondition: 9, Unavailable: 14 };

/** How long what a client asks of the whole store takes, and promotions that failed, under etcd's names. */
export function registerMaintenanceMetrics(registry: Registry, { hashes, traffic }: StoreService): void {
  const seconds = (name: string, help: string): Histogram =>
    registry.histogram(name, help, exponentialBuckets(0.01, 2, 15));
  const everything = seconds("etcd_mvcc_hash_duration_seconds", "The latency distribution of storage hash operation.");
  const revision = seconds(
    "etcd_mvcc_hash_rev_duration_seconds",
    "The latency distribution of storage hash by revision operation.",
  );
  const snapshot = seconds(
    "etcd_disk_backend_snapshot_duration_seconds",
    "The latency distribution of snapshots sent to clients.",
  );
  hashes.timed = (of, micros) => (of === "revision" ? revision : everything).observe(micros / 1e6);
  traffic.snapshotSent = (micros) => snapshot.observe(micros / 1e6);
  // etcd calls the counter by a name that Prometheus allows no counter.
  const failures = registry.untypeds(
    "etcd_server_learner_promote_failures",
    "The total number of failed learner promotions (likely learner not ready) asked of this member.",
    ["Reason"],
  );
  registry.onRender(() => {
    for (const [name, code] of Object.entries(REASONS)) failures.labels(name).set(traffic.calls.handled(PROMOTE, code));
  });
}
