import { createHash } from "node:crypto";

/**
 * What etcd calls a member with which a cluster begins: made from its peer URLs and the cluster's token, so that the same
 * settings give the same ids (etcd server/etcdserver/api/membership, `computeMemberId`).
 */
export function etcdMemberId(peerUrls: readonly string[], token: string): bigint {
  return firstEight([...peerUrls].sort().join("") + token);
}

/** What etcd calls the cluster of these members (`genID`). */
export function etcdClusterId(members: readonly bigint[]): bigint {
  const bytes = Buffer.alloc(members.length * 8);
  const sorted = [...members].sort((left, right) => (left < right ? -1 : 1));
  for (const [index, id] of sorted.entries()) bytes.writeBigUInt64BE(id, index * 8);
  return firstEight(bytes);
}

function firstEight(data: string | Buffer): bigint {
  return createHash("sha1").update(data).digest().readBigUInt64BE(0);
}
