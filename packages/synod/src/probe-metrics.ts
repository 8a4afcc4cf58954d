import type { Registry } from "@synod/runtime/metrics/registry";
import type { Probes } from "@synod/store/server/ports/probes";

/** How probes went, under etcd's names. */
export function registerProbeMetrics(registry: Registry, probes: Probes): void {
  const successes = registry.untyped("etcd_server_health_success", "The total number of successful health checks");
  const failures = registry.untyped("etcd_server_health_failures", "The total number of failed health checks");
  const labels = ["type", "name"];
  const last = registry.gauges("etcd_server_healthcheck", "The result of each kind of healthcheck.", labels);
  const help = "The total number of each kind of healthcheck.";
  const totals = registry.counters("etcd_server_healthchecks_total", help, [...labels, "status"]);
  const shown = probes.checks.map((count) => {
    const names: [string, string] = [count.probe.slice(1), count.check];
    const [success, error] = ["success", "error"].map((status) => totals.labels(...names, status));
    return { count, last: last.labels(...names), success, error };
  });
  registry.onRender(() => {
    successes.set(probes.healthSuccesses);
    failures.set(probes.healthFailures);
    for (const { count, last, success, error } of shown) {
      last.set(count.passed ? 1 : 0);
      success?.set(count.success);
      error?.set(count.error);
    }
  });
}
