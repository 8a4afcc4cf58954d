import type { Server } from "node:http";
import type { RaftOptions } from "@synod/protocols/raft/types";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import type { Group } from "@synod/runtime/group";
import { Host } from "@synod/runtime/host/host";
import type { HostError } from "@synod/runtime/host/host-error";
import type { HostOptions } from "@synod/runtime/host/options";
import type { Logger } from "@synod/runtime/log/logger";
import { type Address, type Sockets, TCP_SOCKETS } from "@synod/runtime/transport/sockets";
import { type PeerTlsOptions, TlsSockets } from "@synod/runtime/transport/tls-sockets";
import { createStoreMachine } from "@synod/store/machine";
import type { MemberRecord, MemberRules } from "@synod/store/model/members";
import type { StoreConfig } from "@synod/store/model/store";
import type { AuthSettings } from "@synod/store/server/auth/gate";
import type { StoreLimits } from "@synod/store/server/options";
import type { TlsOptions } from "@synod/store/server/ports/listener";
import type { StoreResult } from "@synod/store/state-machine";
import { type Peer, type Ports, peerAddress } from "./addresses.ts";
import { openAudit } from "./audit-file.ts";
import { corruptAlarm } from "./corruption.ts";
import { asDataError, type Identity, markRemoved, openNodeFolder } from "./data-folder.ts";
import { closeHttpPort, type NodeView, openHttpPort } from "./http-port.ts";
import { clusterIdOf, firstMembers } from "./identities.ts";
import type { Place } from "./member/joining.ts";
import { MEMBERS_PATH, membersPage } from "./member/page.ts";
import { Publisher } from "./member/publisher.ts";
import { rememberedMembers, rememberMembers } from "./member/remembered.ts";
import { addressesOf, Roster } from "./member/roster.ts";
import { Metrics, type MetricsDetail } from "./node-metrics.ts";
import { Readiness } from "./readiness.ts";
import { type ClientAddress, openStorePort, type StorePort } from "./store-port.ts";
import type { StoreSettings } from "./store-settings.ts";
import { watchTlsFiles } from "./tls-watch.ts";
import { portError } from "./up/ports.ts";

export interface NodeOptions {
  readonly self: Peer;
  /** Every voter the cluster begins with, `self` included; not looked at on a node that has a `place`. */
  readonly peers: readonly Peer[];
  /** Present: the cluster runs already, and this is to be one of its members. */
  readonly place?: Place | undefined;
  readonly cluster: string;
  /** What clients of etcd's API know the cluster by, 64 bits; derived from its name when absent. */
  readonly clusterId?: bigint;
  /** How changes of members are judged that clients ask this node for. */
  readonly memberRules?: Partial<MemberRules>;
  readonly data: string;
  readonly host: string;
  readonly ports: Ports;
  /** Present: the store speaks TLS to its clients. */
  readonly tls?: TlsOptions | undefined;
  /** Present: nodes speak TLS to each other, and nothing else. */
  readonly peerTls?: PeerTlsOptions | undefined;
  /** How users sign in. */
  readonly auth?: Partial<AuthSettings> | undefined;
  /** Bytes that the store may use: see StoreLimits. */
  readonly quotaBytes?: number;
  /** What is counted by prefix. */
  readonly measures?: Pick<StoreConfig, "prefixes">;
  /** A file that is to tell who changed what. */
  readonly auditLog?: string | undefined;
  /** What the store does that etcd does not. */
  readonly store?: StoreSettings;
  readonly metrics?: MetricsDetail;
  readonly limits?: Partial<StoreLimits>;
  /** Where the node listens, in place of `host` and `ports`, which say where peers reach it. */
  readonly listen?: ListenAddresses;
  /** See StoreListenerOptions.origins. */
  readonly origins?: readonly string[];
  /** Microseconds: see RaftOptions. */
  readonly timing?: Partial<Pick<RaftOptions, "electionTimeout" | "heartbeatInterval">>;
  /** Bytes of log after which a snapshot is taken. */
  readonly snapshotEvery?: number;
  /** See RaftOptions.leaseReads: a promise about clocks. */
  readonly leaseReads?: boolean;
}

export interface ListenAddresses {
  readonly clients: readonly ClientAddress[];
  /** Health, metrics and status; may be none, as clients' addresses have the first two. */
  readonly http: readonly Address[];
  /** Beside the one of `host` and `ports`: `host:port`. */
  readonly morePeers: readonly string[];
}

/** A node while it runs: consensus, the services over it and their listeners, composed in `startNode`. */
export interface RunningNode {
  /**
   * Resolves once the node can answer requests: it knows a leader, has applied what that leader had committed, and the list
   * of members says where its clients reach it.
   */
  readonly ready: Promise<void>;
  /** Resolves, with the sentence for the operator, if the node had to stop by itself. */
  readonly failed: Promise<string>;
  /** After `failed`: whether its state differed from what a majority has. Closed and started again, it gets it anew. */
  readonly diverged: Promise<boolean>;
  /** The name of the node that leads, as far as this one knows. */
  leader(): string | undefined;
  /** Hands leadership on, answers what is under way, closes listeners and files. */
  close(): Promise<void>;
}

type HostSettings = Pick<HostOptions, "self" | "listen" | "alsoListen" | "raft" | "limits">;

/** What the log may hold; how many a client may ask for is each node's own affair (StoreLimits.txnOps). */
const MOST_TXN_OPS = 100_000;

/** The groups of a node by number; the numbers are in logs and keep their meaning for ever. */
export const STORE_GROUP = 1;

/** @throws CliError: the folder or a port cannot be had, and what to do about it. */
export async function startNode(options: NodeOptions, logger: Logger): Promise<RunningNode> {
  const { self, cluster, data, ports } = options;
  const metrics = new Metrics(options.metrics);
  const told = options.place?.members ?? firstMembers(cluster, options.peers);
  const { identity, log } = openNodeFolder(data, identityOf(options, told));
  const clusterId = BigInt(`0x${identity.clusterId}`);
  const machine = createStoreMachine({ maxTxnOps: MOST_TXN_OPS, ...options.measures });
  const audit = openAudit(machine, options.auditLog, logger);
  const remembered = rememberedMembers(data);
  const roster = new Roster(machine.areas.members, remembered?.members ?? told);
  if (remembered === undefined) rememberMembers(data, roster.toRemember());
  const disk = openDisk(log, metrics);
  const { sockets, stopWatching } = openSockets(options, logger);
  const host = new Host({
    peers: addressesOf(told, remembered),
    voters: identity.voters,
    clusterId,
    onMembership: () => rememberMembers(data, roster.toRemember()),
    onHttpGet: (path) => (path === MEMBERS_PATH ? membersPage(cluster, clusterId, roster.members()) : undefined),
    onUndecided: corruptAlarm(machine, identity.memberId, () => store, logger),
    disk,
    logger,
    observer: metrics.observer,
    sockets,
    ...hostSettings(options),
  });
  const store = host.addGroup(STORE_GROUP, machine.machine);
  await startHost(host, options);
  const front = await openStorePort(host, store, machine, {
    node: self.name,
    clients: clientAddresses(options),
    origins: options.origins ?? [],
    clusterId,
    roster,
    memberRules: options.memberRules,
    metrics,
    tls: options.tls,
    logger,
    limits: { quotaBytes: options.quotaBytes ?? 0, ...options.limits },
    auth: options.auth,
    settings: { ...options.store, audit: audit?.trail },
  });
  const publisher = new Publisher(store, machine.areas.members, options.place === undefined ? told : [], {
    memberId: BigInt(`0x${identity.memberId}`),
    name: self.name,
    clientUrls: self.clientUrls,
  });
  const pages = await openHttpPorts(options, viewOf(options, store, front));
  logger.info("listening", { store: ports.store, peers: ports.peers, http: ports.http });
  const readiness = new Readiness(store);
  return {
    ready: Promise.all([readiness.ready, publisher.done]).then(() => {}),
    failed: host.failed.then((error) => whyStopped(error, data)),
    diverged: host.failed.then(({ code }) => code === "stateDiverged"),
    leader: () => roster.nameOf(store.status.leader),
    close: async () => {
      stopWatching();
      readiness.stop();
      publisher.stop();
      metrics.stop();
      await Promise.all([front.close(), host.close()]);
      await Promise.all(pages.map(closeHttpPort));
      await audit?.close();
      disk.close();
    },
  };
}

function openSockets({ peerTls }: NodeOptions, logger: Logger): { sockets: Sockets; stopWatching: () => void } {
  if (peerTls === undefined) return { sockets: TCP_SOCKETS, stopWatching: () => {} };
  const sockets = new TlsSockets(peerTls);
  return { sockets, stopWatching: watchTlsFiles(peerTls.files, logger, (tls) => sockets.renew(tls)) };
}

/** What of the settings is for consensus and its connections. */
function hostSettings({
  self,
  host,
  ports,
  listen,
  timing,
  leaseReads = false,
  snapshotEvery,
}: NodeOptions): HostSettings {
  return {
    self: self.id,
    listen: peerAddress(host, ports.peers),
    alsoListen: listen?.morePeers ?? [],
    raft: { ...timing, leaseReads },
    limits: snapshotEvery === undefined ? {} : { snapshotEvery },
  };
}

function clientAddresses({ listen, host, ports, tls }: NodeOptions): readonly ClientAddress[] {
  return listen?.clients ?? [{ host, port: ports.store, tls: tls !== undefined }];
}

/** @returns the sentence for the operator */
function whyStopped({ code, message }: HostError, data: string): string {
  if (code === "removed") markRemoved(data);
  return message;
}

function viewOf({ self, cluster }: NodeOptions, store: Group<StoreResult>, front: StorePort): NodeView {
  return {
    probes: front.probes,
    status: () => ({ node: self.name, cluster, store: store.status }),
    store: front.http,
  };
}

/** Whose folder it is to be, if it is nobody's yet. */
function identityOf({ self, cluster, clusterId, place }: NodeOptions, told: readonly MemberRecord[]): Identity {
  const id = told.find(({ node }) => node === self.id)?.id ?? 0n;
  return {
    cluster,
    node: self.name,
    id: self.id,
    memberId: id.toString(16),
    clusterId: (place?.clusterId ?? clusterId ?? clusterIdOf(cluster)).toString(16),
    voters: place === undefined ? told.map(({ node }) => node) : [],
  };
}

async function openHttpPorts({ self, host, ports, listen }: NodeOptions, view: NodeView): Promise<Server[]> {
  const servers: Server[] = [];
  for (const address of listen?.http ?? [{ host, port: ports.http }])
    servers.push(await openHttpPort(self.name, address.host, address.port, view));
  return servers;
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
