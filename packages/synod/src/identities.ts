import type { Member } from "@synod/store/api/cluster";
import { type Peer, peerAddress } from "./addresses.ts";

/** Who a node is to its peers and to clients of the store, derived from names alone so that all nodes derive the same. */
export interface Identities {
  readonly clusterId: bigint;
  memberId(node: number): bigint;
  members(): readonly Member[];
}

export function identitiesOf(cluster: string, peers: readonly Peer[]): Identities {
  const members = peers.map(
    ({ name, host, port, clientUrl }): Member => ({
      id: fnv1a(`${cluster}/${name}`),
      name,
      peerURLs: [`http://${peerAddress(host, port)}`],
      clientURLs: [clientUrl],
      isLearner: false,
    }),
  );
  const ids = new Map(peers.map(({ id }, index) => [id, members[index]?.id ?? 0n]));
  return { clusterId: fnv1a(cluster), memberId: (node) => ids.get(node) ?? 0n, members: () => members };
}

/** FNV-1a with 64 bits over UTF-8, never 0: to etcd's clients 0 is nobody. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash === 0n ? 1n : hash;
}
