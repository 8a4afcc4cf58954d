import type { MemberRecord } from "@synod/store/model/members";
import type { Peer } from "./addresses.ts";

/** Who a cluster is to clients of etcd's API, derived from its name so that all its nodes derive the same. */
export function clusterIdOf(cluster: string): bigint {
  return fnv1a(cluster);
}

/** Who one of the members with which a cluster begins is to clients; later members get an id when they are added. */
export function memberIdOf(cluster: string, name: string): bigint {
  return fnv1a(`${cluster}/${name}`);
}

/** The members with which a cluster begins. */
export function firstMembers(cluster: string, peers: readonly Peer[]): MemberRecord[] {
  return peers.map(({ id, name, peerUrls, clientUrls, memberId }) => ({
    id: memberId ?? memberIdOf(cluster, name),
    node: id,
    name,
    peerURLs: peerUrls,
    clientURLs: clientUrls,
    isLearner: false,
    isUnmoved: true,
  }));
}

/** FNV-1a with 64 bits over UTF-8, never 0: to etcd's clients 0 is nobody. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash === 0n ? 1n : hash;
}
