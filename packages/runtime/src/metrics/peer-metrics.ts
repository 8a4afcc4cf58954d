import type { NodeId } from "@synod/protocols/protocol";
import type { Histogram } from "./instruments.ts";
import type { NodeMetrics } from "./node-metrics.ts";

/** What the transport keeps anyway (`transport/peer.ts`). */
interface PeerTotals {
  readonly connected: boolean;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly overflowed: number;
  readonly unreachable: number;
  readonly disconnects: number;
}

interface PeerSource {
  peers(): NodeId[];
  stats(node: NodeId): PeerTotals | undefined;
}

/** Shows the transport's own totals when the page is read, so that sending counts nothing twice. */
export function registerPeerMetrics(metrics: NodeMetrics, self: NodeId, source: PeerSource): void {
  const { peers, registry } = metrics;
  const shown = new Set<NodeId>();
  registry.onRender(() => {
    const local = metrics.nameOf(self);
    const nodes = source.peers();
    peers.known.labels(local).set(nodes.length);
    // A series does not go away when its peer leaves the cluster.
    for (const node of shown) if (!nodes.includes(node)) peers.active.labels(local, metrics.nameOf(node)).set(0);
    for (const node of nodes) {
      const stats = source.stats(node);
      if (stats === undefined) continue;
      shown.add(node);
      const remote = metrics.nameOf(node);
      peers.sentBytes.labels(remote).set(stats.bytesSent);
      peers.receivedBytes.labels(remote).set(stats.bytesReceived);
      peers.sentFailures.labels(remote).set(stats.overflowed + stats.unreachable);
      peers.active.labels(local, remote).set(stats.connected ? 1 : 0);
      peers.disconnected.labels(local, remote).set(stats.disconnects);
      peers.roundTrip.labels(remote);
    }
  });
}

/** @returns takes the samples of the transport's `onRoundTrip` */
export function roundTripRecorder(metrics: NodeMetrics): (node: NodeId, seconds: number) => void {
  const roundTrips: (Histogram | undefined)[] = [];
  return (node, seconds) => {
    const histogram = roundTrips[node] ?? metrics.peers.roundTrip.labels(metrics.nameOf(node));
    roundTrips[node] = histogram;
    histogram.observe(seconds);
  };
}
