import type { Host } from "@synod/runtime/host/host";
import { registerGrpcMetrics, registerGrpcTimes } from "@synod/runtime/metrics/grpc-metrics";
import { HostMetrics, registerHostMetrics } from "@synod/runtime/metrics/host-metrics";
import { NodeMetrics } from "@synod/runtime/metrics/node-metrics";
import { registerProcessMetrics } from "@synod/runtime/metrics/process-metrics";
import { Registry } from "@synod/runtime/metrics/registry";
import { STORE_METHODS } from "@synod/store/server/methods";
import type { Probes } from "@synod/store/server/ports/probes";
import type { StoreService } from "@synod/store/server/service";
import { registerProbeMetrics } from "./probe-metrics.ts";
import { registerStoreMetrics } from "./store-metrics.ts";

/** As etcd's `--metrics`. */
export type MetricsDetail = "basic" | "extensive";

/**
 * A node's metrics as Prometheus reads them, under etcd's names so that its dashboards and alerts fit. Made before the
 * node, because its disk and its host tell what they do from their first moment.
 */
export class Metrics {
  readonly observer: HostMetrics;
  readonly #registry: Registry = new Registry();
  readonly #node: NodeMetrics;
  readonly #detail: MetricsDetail;
  readonly #stopSampling: () => void;

  /** @param detail extensive: how long calls take, too */
  constructor(detail: MetricsDetail = "basic") {
    this.#detail = detail;
    this.#node = new NodeMetrics(this.#registry);
    this.observer = new HostMetrics(this.#node);
    this.#stopSampling = registerProcessMetrics(this.#registry);
  }

  /** The node runs: from now on the page shows it. */
  show(host: Host, store: StoreService): void {
    this.#node.nameOf = namesOf(store);
    registerHostMetrics(this.#node, host, store.group);
    registerGrpcMetrics(this.#registry, STORE_METHODS, store.traffic);
    if (this.#detail === "extensive")
      registerGrpcTimes(this.#registry, STORE_METHODS, store.traffic.calls, () => performance.now() * 1000);
    registerStoreMetrics(this.#registry, store);
  }

  showProbes(probes: Probes): void {
    registerProbeMetrics(this.#registry, probes);
  }

  /** Prometheus text exposition. */
  render(): string {
    return this.#registry.render();
  }

  stop(): void {
    this.#stopSampling();
  }
}

/** Labels call a node by its member id, for as long as the process runs; one without, by its number. */
function namesOf({ options }: StoreService): (node: number) => string {
  const known = new Map<number, string>();
  return (node) => {
    const name = known.get(node);
    if (name !== undefined) return name;
    const id = options.memberId(node);
    if (id !== 0n) known.set(node, id.toString(16));
    return id === 0n ? String(node) : id.toString(16);
  };
}
