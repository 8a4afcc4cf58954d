import type { Registry } from "@synod/runtime/metrics/registry";
import type { StoreService } from "@synod/store/server/service";

/** Prefixes on the page: the largest. All of them are at /api/store/prefixes. */
const SHOWN = 20;

/** What lies under which prefix, and what the node does so that there is room. */
export function registerLimitMetrics(
  registry: Registry,
  { prefixes, compaction, model, admission, fair }: StoreService,
): void {
  const of = (name: string, help: string) => registry.gauges(`synod_store_prefix_${name}`, help, ["prefix"]);
  const keys = of("keys", "Keys under the prefix; of the twenty prefixes that take the most bytes.");
  const bytes = of("bytes", "Bytes of those keys and of their newest values.");
  const writes = registry.counters("synod_store_prefix_writes_total", "Puts and deletes under the prefix.", ["prefix"]);
  const quotaOf = (name: string, help: string) => registry.gauges(`synod_store_quota_${name}`, help, ["prefix"]);
  const used = quotaOf("used_ratio", "The part of the prefix's quota that is used, bytes or keys, whichever is more.");
  const compactions = registry.counters("synod_store_compactions_total", "Compactions begun by this node.", ["why"]);
  const automatic = compactions.labels("retention");
  const pressure = compactions.labels("pressure");
  const refusals = registry.counter("synod_store_rate_limited_total", "Requests refused because they came too fast.");
  const deferrals = registry.counter(
    "synod_store_deferred_total",
    "Requests that waited for other connections' sake: theirs had many under way.",
  );
  registry.onRender(() => {
    refusals.set(admission?.refusals ?? 0);
    deferrals.set(fair.deferrals);
    for (const family of [keys, bytes, writes, used]) family.clear();
    for (const usage of prefixes.list(SHOWN)?.prefixes ?? []) {
      const label = Buffer.from(usage.prefix).toString();
      keys.labels(label).set(usage.keys);
      bytes.labels(label).set(usage.bytes);
      writes.labels(label).set(usage.writes);
    }
    for (const { prefix, keys, bytes, maxKeys, maxBytes } of model.quotas.list()) {
      const part = Math.max(maxKeys === 0 ? 0 : keys / maxKeys, maxBytes === 0 ? 0 : bytes / maxBytes);
      used.labels(Buffer.from(prefix).toString()).set(part);
    }
    automatic.set(compaction.counts.automatic);
    pressure.set(compaction.counts.underPressure);
  });
}
