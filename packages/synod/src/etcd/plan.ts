import type { PeerTlsOptions } from "@synod/runtime/transport/tls-sockets";
import { type Peer, peerAddress } from "../addresses.ts";
import { authSettings } from "../auth-settings.ts";
import { CliError } from "../cli/errors.ts";
import { readNodeIdentity } from "../data-folder.ts";
import { findPlace, keptPlace, type Place } from "../member/joining.ts";
import { rememberedMembers } from "../member/remembered.ts";
import type { NodeOptions } from "../node.ts";
import { storeSettings } from "../store-settings.ts";
import { etcdClusterId, etcdMemberId } from "./ids.ts";
import type { EtcdSettings } from "./settings.ts";
import { etcdTls } from "./tls.ts";
import { type EtcdUrl, listenHost, parseUrls } from "./urls.ts";

type Who = Pick<NodeOptions, "self" | "peers" | "cluster"> & {
  readonly clusterId?: bigint;
  readonly place: Place | undefined;
};

/** Where the settings say that this member is reached, and where it listens. */
interface Urls {
  readonly listenPeers: readonly EtcdUrl[];
  readonly listenClients: readonly EtcdUrl[];
  readonly listenMetrics: readonly EtcdUrl[];
  readonly advertisePeers: readonly string[];
  readonly advertiseClients: readonly string[];
}

/** What etcd's settings mean for a node. @throws CliError "settings", "data", "join" */
export async function etcdNode(settings: EtcdSettings): Promise<NodeOptions> {
  if (settings.flag("force-new-cluster"))
    throw wrong("--force-new-cluster is not possible here: restore a snapshot with synod snapshot restore instead");
  const urls = urlsOf(settings);
  const data = settings.text("data-dir") || `${settings.text("name")}.etcd`;
  const [peers, ...morePeers] = urls.listenPeers;
  if (peers === undefined) throw wrong("--listen-peer-urls is empty: give http://host:port");
  const { tls, peers: peerTls } = await etcdTls(settings, data);
  mustAgree("--listen-client-urls", urls.listenClients, tls !== undefined, "--cert-file and --key-file, or --auto-tls");
  mustAgree(
    "--listen-peer-urls",
    urls.listenPeers,
    peerTls !== undefined,
    "--peer-cert-file and --peer-key-file, or --peer-auto-tls",
  );
  if (peerTls !== undefined && urls.listenPeers.some((url) => !url.tls))
    throw wrong("--listen-peer-urls has http:// and there are TLS files for peers: write https://, or give none");
  return {
    ...(await whoIs(settings, urls, data, peerTls)),
    data,
    host: listenHost(peers),
    ports: { store: 0, peers: peers.port, http: 0 },
    listen: {
      clients: urls.listenClients.map((url) => ({ host: listenHost(url), port: url.port, tls: url.tls })),
      http: urls.listenMetrics.map((url) => ({ host: listenHost(url), port: url.port })),
      morePeers: morePeers.map((url) => peerAddress(listenHost(url), url.port)),
    },
    tls,
    peerTls,
    ...serviceOptions(settings),
  };
}

function serviceOptions(settings: EtcdSettings): Partial<NodeOptions> {
  const progress = settings.text("experimental-watch-progress-notify-interval");
  return {
    auth: authSettings({
      authToken: settings.text("auth-token"),
      authTokenTtl: settings.whole("auth-token-ttl"),
      bcryptCost: within(settings, "bcrypt-cost", 4, 31),
    }),
    store: storeSettings({
      autoCompactionMode: settings.text("auto-compaction-mode") as "periodic" | "revision",
      autoCompactionRetention: settings.text("auto-compaction-retention"),
      compactUnderPressure: "yes",
      rateLimit: 0,
      rateBurst: 0,
    }),
    quotaBytes: quotaOf(settings),
    limits: {
      txnOps: within(settings, "max-txn-ops", 1, 100_000),
      requestBytes: within(settings, "max-request-bytes", 1, 32 << 20),
      ...(settings.isGiven("experimental-watch-progress-notify-interval")
        ? { progressInterval: micros(progress) }
        : {}),
    },
    memberRules: {
      strict: settings.flag("strict-reconfig-check"),
      maxLearners: within(settings, "experimental-max-learners", 1, 6),
    },
    metrics: settings.text("metrics") === "extensive" ? "extensive" : "basic",
    origins: settings.list("cors"),
    timing: timingOf(settings),
  };
}

function urlsOf(settings: EtcdSettings): Urls {
  if (settings.isGiven("listen-client-urls") && !settings.isGiven("advertise-client-urls"))
    throw wrong("--advertise-client-urls is required when --listen-client-urls is set explicitly");
  const urls = (name: string): EtcdUrl[] => parseUrls(`--${name}`, settings.list(name));
  const texts = (name: string): string[] => urls(name).map(({ text }) => text);
  if (settings.text("host-whitelist") !== "*")
    throw wrong("--host-whitelist is not there: leave it out, and let a proxy in front judge the Host of requests");
  const listenMetrics = urls("listen-metrics-urls");
  const secure = listenMetrics.find(({ tls }) => tls);
  if (secure !== undefined)
    throw wrong(
      `--listen-metrics-urls has ${secure.text}: metrics and probes are served there without TLS, give http://`,
    );
  const listenClients = [...urls("listen-client-urls"), ...urls("listen-client-http-urls")];
  if (listenClients.length === 0) throw wrong("--listen-client-urls is empty: give http://host:port");
  return {
    listenPeers: urls("listen-peer-urls"),
    listenClients,
    listenMetrics,
    advertisePeers: texts("initial-advertise-peer-urls"),
    advertiseClients: texts("advertise-client-urls"),
  };
}

/** A member that has started before is what its folder says, and `--initial-…` counts no more. */
async function whoIs(settings: EtcdSettings, urls: Urls, data: string, tls: PeerTlsOptions | undefined): Promise<Who> {
  const name = settings.text("name");
  const known = readNodeIdentity(data);
  const clientUrls = urls.advertiseClients;
  if (known !== undefined) {
    const members = rememberedMembers(data)?.members ?? [];
    if (known.voters?.length === 0) return placed(keptPlace(known, members), name, clientUrls);
    const peers = members.map((member): Peer => {
      const { node: id, id: memberId, peerURLs: peerUrls } = member;
      return {
        id,
        memberId,
        name: member.name,
        peerUrls,
        clientUrls: id === known.id ? clientUrls : member.clientURLs,
      };
    });
    const self = peers.find(({ id }) => id === known.id);
    if (self !== undefined) return { self: { ...self, name }, peers, cluster: known.cluster, place: undefined };
  }
  const entries = initialCluster(settings, urls);
  if (settings.text("initial-cluster-state") === "existing") {
    const others = [...entries].flatMap(([each, peerUrls]) => (each === name ? [] : peerUrls));
    if (others.length === 0) throw wrong("--initial-cluster names nobody but this member: name those that run, too");
    const addresses = others.map((url) => url.replace(/^https?:\/\//, ""));
    return placed(await findPlace(addresses, { name, peerUrls: entries.get(name) ?? [], tls }), name, clientUrls);
  }
  return newCluster(entries, name, clientUrls, settings.text("initial-cluster-token"));
}

function placed(place: Place, name: string, clientUrls: readonly string[]): Who {
  const { node: id, id: memberId, peerURLs: peerUrls } = place.self;
  return { self: { id, memberId, name, peerUrls, clientUrls }, peers: [], place, cluster: place.cluster };
}

/** All members derive the same numbers from the same names, and the same ids as etcd's from URLs and token. */
function newCluster(
  entries: ReadonlyMap<string, readonly string[]>,
  name: string,
  clientUrls: readonly string[],
  token: string,
): Who {
  const peers = [...entries]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([each, peerUrls], index): Peer => {
      const memberId = etcdMemberId(peerUrls, token);
      return { id: index + 1, memberId, name: each, peerUrls, clientUrls: each === name ? clientUrls : [] };
    });
  const self = peers.find((peer) => peer.name === name) as Peer;
  const clusterId = etcdClusterId(peers.map(({ memberId = 0n }) => memberId));
  return { self, peers, cluster: token, clusterId, place: undefined };
}

/** By name: `n1=http://a:2380,n1=http://b:2380,n2=…`. */
function initialCluster(settings: EtcdSettings, { advertisePeers }: Urls): Map<string, string[]> {
  const name = settings.text("name");
  const entries = new Map<string, string[]>();
  for (const entry of settings.list("initial-cluster")) {
    const equals = entry.indexOf("=");
    if (equals < 1) throw wrong(`--initial-cluster has "${entry}": write name=http://host:port`);
    const [url] = parseUrls("--initial-cluster", [entry.slice(equals + 1)]) as [EtcdUrl];
    const each = entry.slice(0, equals);
    entries.set(each, [...(entries.get(each) ?? []), url.text]);
  }
  if (entries.size === 0) return new Map([[name, [...advertisePeers]]]);
  const own = entries.get(name);
  if (own === undefined) throw wrong(`couldn't find local name "${name}" in the initial cluster configuration: add it`);
  const isAdvertised = own.length === advertisePeers.length && own.every((url) => advertisePeers.includes(url));
  if (!isAdvertised)
    throw wrong(
      `--initial-cluster has ${name} at ${own.join(",")} and --initial-advertise-peer-urls has ` +
        `${advertisePeers.join(",")}: give both the same`,
    );
  return entries;
}

function mustAgree(where: string, urls: readonly EtcdUrl[], hasTls: boolean, wants: string): void {
  const secure = urls.find((url) => url.tls);
  if (secure !== undefined && !hasTls) throw wrong(`${where} has ${secure.text}, and for https there must be ${wants}`);
}

function quotaOf(settings: EtcdSettings): number {
  const text = settings.text("quota-backend-bytes");
  if (!/^-?\d{1,15}$/.test(text)) throw wrong(`--quota-backend-bytes is "${text}": give a whole number of bytes`);
  return Number(text);
}

/** etcd's own limits; where neither is given, Synod's own times count, which are shorter. */
function timingOf(settings: EtcdSettings): NonNullable<NodeOptions["timing"]> {
  if (!settings.isGiven("heartbeat-interval") && !settings.isGiven("election-timeout")) return {};
  const heartbeat = within(settings, "heartbeat-interval", 1, 50_000);
  const election = within(settings, "election-timeout", 1, 50_000);
  if (election < 5 * heartbeat)
    throw wrong(
      `--election-timeout[${election}ms] should be at least as 5 times as --heartbeat-interval[${heartbeat}ms]`,
    );
  return { heartbeatInterval: heartbeat * 1000, electionTimeout: election * 1000 };
}

function within(settings: EtcdSettings, name: string, from: number, to: number): number {
  const value = settings.whole(name);
  if (value < from || value > to) throw wrong(`--${name} is ${value}: give a number from ${from} to ${to}`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = { h: 3.6e9, m: 6e7, s: 1e6, ms: 1000, us: 1, µs: 1, ns: 0.001 };

/** A duration of Go; a bare number, as in a file, is nanoseconds. */
function micros(text: string): number {
  if (/^\d+$/.test(text)) return Math.max(1, Math.round(Number(text) / 1000));
  let sum = 0;
  for (const [, number, unit = ""] of text.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g))
    sum += Number(number) * (UNITS[unit] ?? 0);
  return Math.max(1, Math.round(sum));
}

function wrong(message: string): CliError {
  return new CliError("settings", message);
}
