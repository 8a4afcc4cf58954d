import { type Peer, parseClientUrls, parsePeers, peerAddress } from "../addresses.ts";
import { CliError } from "../cli/errors.ts";
import { type KnownIdentity, readNodeIdentity } from "../data-folder.ts";
import { findPlace, keptPlace, type Place } from "./joining.ts";
import { rememberedMembers } from "./remembered.ts";

const CLUSTER = "synod";
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
 * @param scheme of the URLs at which clients reach the store
 * @throws CliError "settings", "data", "join"
 */
export async function nodeInCluster(told: Told, scheme: string): Promise<NodeInCluster> {
  const known = readNodeIdentity(told.data);
  const place = await placeOf(told, known);
  const cluster = told.cluster ?? place?.cluster ?? CLUSTER;
  if (place === undefined) {
    const peers = parsePeers(told.peers.length === 0 ? ALONE : told.peers, told.clientUrls, scheme);
    return { self: mustName(peers, told.name), peers, place, cluster };
  }
  const { name, host, storePort } = told;
  const clientUrls = [parseClientUrls(told.clientUrls).get(name) ?? `${scheme}://${peerAddress(host, storePort)}`];
  const { node: id, id: memberId, peerURLs: peerUrls } = place.self;
  return { self: { id, memberId, name, peerUrls, clientUrls }, peers: [], place, cluster };
}

async function placeOf(told: Told, known: KnownIdentity | undefined): Promise<Place | undefined> {
  if (known !== undefined) {
    return known.voters?.length !== 0 ? undefined : keptPlace(known, rememberedMembers(told.data)?.members ?? []);
  }
  if (told.join.length === 0) return undefined;
  return findPlace(told.join, { name: told.name, peerUrls: [ownPeerUrl(told)], cluster: told.cluster });
}

/** As `--peers` says, where it names this node; else where it listens. */
function ownPeerUrl({ name, peers, host, peerPort }: Told): string {
  const entry = peers.find((peer) => peer.startsWith(`${name}=`));
  return (
    (entry === undefined ? undefined : parsePeers([entry], [])[0]?.peerUrls[0]) ??
    `http://${peerAddress(host, peerPort)}`
  );
}

function mustName(peers: readonly Peer[], name: string): Peer {
  const self = peers.find((peer) => peer.name === name);
  if (self === undefined)
    throw new CliError("settings", `--peers does not name ${name} itself: list every node, this one included`);
  return self;
}
