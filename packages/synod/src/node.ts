import { NodeDisk } from "@synod/runtime/disk/node-disk";
import type { Group } from "@synod/runtime/group";
import { Host } from "@synod/runtime/host/host";
import type { Logger } from "@synod/runtime/log/logger";
import type { TlsOptions } from "@synod/store/server/listener";
import { createStoreMachine } from "@synod/store/machine";
import type { StoreResult } from "@synod/store/state-machine";
import { type Peer, type Ports, peerAddress } from "./addresses.ts";
import { asDataError, openNodeFolder } from "./data-folder.ts";
import { openHttpPort } from "./http-port.ts";
import { identitiesOf } from "./identities.ts";
import { Metrics } from "./node-metrics.ts";
import { Readiness } from "./readiness.ts";
import { openStorePort } from "./store-port.ts";
import { portError } from "./up/ports.ts";

export interface NodeOptions {
  readonly self: Peer;
  /** Every voter the cluster begins with, `self` included, in ascending order of id. */
  readonly peers: readonly Peer[];
  readonly cluster: string;
  readonly data: string;
  readonly host: string;
  readonly ports: Ports;
  /** Present: the store speaks TLS to its clients. */
  readonly tls?: TlsOptions | undefined;
  /** Bytes of log after which a snapshot is taken. */
  readonly snapshotEvery?: number;
  /** See RaftOptions.leaseReads: a promise about clocks. */
  readonly leaseReads?: boolean;
}

/** A node while it runs: consensus, the services over it and their listeners, composed in `startNode`. */
export interface RunningNode {
  /** Resolves once the node can answer requests: it knows a leader and has applied what that leader had committed. */
  readonly ready: Promise<void>;
  /** Resolves, with the sentence for the operator, if the node had to stop by itself. */
  readonly failed: Promise<string>;
  /** The name of the node that leads, as far as this one knows. */
  leader(): string | undefined;
  /** Hands leadership on, answers what is under way, closes listeners and files. */
  close(): Promise<void>;
}

/** The groups of a node by number; the numbers are in logs and keep their meaning for ever. */
const STORE_GROUP = 1;

/** @throws CliError: the folder or a port cannot be had, and what to do about it. */
export async function startNode(options: NodeOptions, logger: Logger): Promise<RunningNode> {
  const { self, peers, cluster, host: address, ports } = options;
  const identities = identitiesOf(cluster, peers);
  const metrics = new Metrics();
  const disk = openDisk(openNodeFolder(options.data, { cluster, node: self.name }), metrics);
  const host = new Host({
    self: self.id,
    peers: new Map(peers.map((peer) => [peer.id, peerAddress(peer.host, peer.port)])),
    listen: peerAddress(address, ports.peers),
    clusterId: identities.clusterId,
    disk,
    logger,
    observer: metrics.observer,
    raft: { leaseReads: options.leaseReads ?? false },
    limits: options.snapshotEvery === undefined ? {} : { snapshotEvery: options.snapshotEvery },
  });
  const machine = createStoreMachine();
  const store = host.addGroup(STORE_GROUP, machine.machine);
  await startHost(host, options);
  const front = await openStorePort(host, store, machine, {
    node: self.name,
    address,
    port: ports.store,
    identities,
    metrics,
    tls: options.tls,
  });
  const http = await openHttpPort(self.name, address, ports.http, {
    whyNotReady: () => (store.status.leader === undefined ? "no leader is known" : undefined),
    metrics: () => metrics.render(),
    status: () => ({ node: self.name, cluster, store: store.status }),
  });
  logger.info("listening", { store: ports.store, peers: ports.peers, http: ports.http });
  const readiness = new Readiness(store);
  return {
    ready: readiness.ready,
    failed: host.failed.then(({ message }) => message),
    leader: () => nameOf(peers, store),
    close: async () => {
      readiness.stop();
      metrics.stop();
      await Promise.all([front.close(), host.close()]);
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      disk.close();
    },
  };
}

function openDisk(folder: string, { observer }: Metrics): NodeDisk {
  try {
    return new NodeDisk(folder, { onSync: (micros, file) => observer.synced(micros, file) });
  } catch (error) {
    throw asDataError(error, folder);
  }
}

async function startHost(host: Host, options: NodeOptions): Promise<void> {
  try {
    await host.start();
  } catch (error) {
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    if (syscall === "listen") throw portError(options.host, options.ports.peers, "peers", options.self.name, code);
    throw asDataError(error, options.data);
  }
}

function nameOf(peers: readonly Peer[], { status }: Group<StoreResult>): string | undefined {
  return peers.find(({ id }) => id === status.leader)?.name;
}
