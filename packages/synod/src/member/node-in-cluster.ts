import { type Peer, parseClientUrls, parsePeers, peerAddress, type Schemes } from "../addresses.ts";
import { CliError } from "../cli/errors.ts";
import type { NodeSecurity } from "../cli/security-settings.ts";
import { type KnownIdentity, readNodeIdentity } from "../data-folder.ts";
import { findPlace, keptPlace, type Place } from "./joining.ts";
import { rememberedMembers } from "./remembered.ts";

const CLUSTER = "synod";
type Security = Pick<NodeSecurity, "tls" | "peerTls">;

const ALONE = ["n1=127.0.0.1:2380"];

/** What `synod serve` is told that decides who the node is. */
export interface Told {
  readonly name: string;
  readonly data: string;
  readonly cluster: string | undefined;
  readonly peers: readonly string[];
  readonly clientUrls: readonly string[];
  readonly join: readonly string[];
  readonly host: string;
  readonly peerPort: number;
  readonly storePort: number;
}

/** Who the node is, and in which cluster. */
export interface NodeInCluster {
  readonly self: Peer;
  readonly peers: readonly Peer[];
  readonly place: Place | undefined;
  readonly cluster: string;
}

/**
 * A node that has started before is what its folder says; one that is to join asks the cluster; any other begins the
 * cluster with its peers.
 * @param security what its ports speak, and what it proves to those that it joins
 * @throws CliError "settings", "data", "join"
 */
export async function nodeInCluster(told: Told, security: Security): Promise<NodeInCluster> {
  const known = readNodeIdentity(told.data);
  const schemes = { peers: schemeOf(security.peerTls), clients: schemeOf(security.tls) };
  const place = await placeOf(told, known, security, schemes);
  const cluster = told.cluster ?? place?.cluster ?? CLUSTER;
  if (place === undefined) {
    const peers = parsePeers(told.peers.length === 0 ? ALONE : told.peers, told.clientUrls, schemes);
    return { self: mustName(peers, told.name), peers, place, cluster };
  }
  const { name, host, storePort } = told;
  const clientUrls = [
    parseClientUrls(told.clientUrls).get(name) ?? `${schemes.clients}://${peerAddress(host, storePort)}`,
  ];
  const { node: id, id: memberId, peerURLs: peerUrls } = place.self;
  return { self: { id, memberId, name, peerUrls, clientUrls }, peers: [], place, cluster };
}

function schemeOf(tls: object | undefined): string {
  return tls === undefined ? "http" : "https";
}

async function placeOf(
  told: Told,
  known: KnownIdentity | undefined,
  { tls, peerTls }: Security,
  schemes: Schemes,
): Promise<Place | undefined> {
  if (known !== undefined) {
    return known.voters?.length !== 0 ? undefined : keptPlace(known, rememberedMembers(told.data)?.members ?? []);
  }
  if (told.join.length === 0) return undefined;
  const peerUrls = [ownPeerUrl(told, schemes)];
  return findPlace(told.join, { name: told.name, peerUrls, cluster: told.cluster, tls: peerTls, clientTls: tls });
}

/** As `--peers` says, where it names this node; else where it listens. */
function ownPeerUrl({ name, peers, host, peerPort }: Told, schemes: Schemes): string {
  const entry = peers.find((peer) => peer.startsWith(`${name}=`));
  return (
    (entry === undefined ? undefined : parsePeers([entry], [], schemes)[0]?.peerUrls[0]) ??
    `${schemes.peers}://${peerAddress(host, peerPort)}`
  );
}

function mustName(peers: readonly Peer[], name: string): Peer {
  const self = peers.find((peer) => peer.name === name);
  if (self === undefined)
    throw new CliError("settings", `--peers does not name ${name} itself: list every node, this one included`);
  return self;
}
