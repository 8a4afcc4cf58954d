import type { Host } from "@synod/runtime/host/host";
import { registerGrpcMetrics } from "@synod/runtime/metrics/grpc-metrics";
import { HostMetrics, registerHostMetrics } from "@synod/runtime/metrics/host-metrics";
import { NodeMetrics } from "@synod/runtime/metrics/node-metrics";
import { registerProcessMetrics } from "@synod/runtime/metrics/process-metrics";
import { Registry } from "@synod/runtime/metrics/registry";
import { STORE_METHODS } from "@synod/store/server/methods";
import type { StoreService } from "@synod/store/server/service";
import { registerStoreMetrics } from "./store-metrics.ts";

/**
 * A node's metrics as Prometheus reads them, under etcd's names so that its dashboards and alerts fit. Made before the
 * node, because its disk and its host tell what they do from their first moment.
 */
export class Metrics {
  readonly observer: HostMetrics;
  readonly #registry: Registry = new Registry();
  readonly #node: NodeMetrics;
  readonly #stopSampling: () => void;

  constructor() {
    this.#node = new NodeMetrics(this.#registry);
    this.observer = new HostMetrics(this.#node);
    this.#stopSampling = registerProcessMetrics(this.#registry);
  }

  /** The node runs: from now on the page shows it. */
  show(host: Host, store: StoreService): void {
    registerHostMetrics(this.#node, host, store.group);
    registerGrpcMetrics(this.#registry, STORE_METHODS, store.traffic);
    registerStoreMetrics(this.#registry, store);
  }

  /** Prometheus text exposition. */
  render(): string {
    return this.#registry.render();
  }

  stop(): void {
    this.#stopSampling();
  }
}
