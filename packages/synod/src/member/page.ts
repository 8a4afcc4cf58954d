import type { HttpAnswer } from "@synod/runtime/transport/http-answer";
import type { MemberRecord } from "@synod/store/model/members";

export const MEMBERS_PATH = "/members";
export const CLUSTER_ID_HEADER = "X-Etcd-Cluster-ID";
export const CLUSTER_HEADER = "X-Synod-Cluster";

/** One member on the page; `id` is a number beyond what JSON.parse reads, so `memberID` says it in hexadecimal. */
export interface PageMember {
  readonly memberID: string;
  readonly node: number;
  readonly name?: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs?: readonly string[];
  readonly isLearner?: boolean;
  readonly hasMoved?: boolean;
}

/** `/members` of the peers' port: as etcd has it there, with what a node needs that wants to join. */
export function membersPage(cluster: string, clusterId: bigint, members: readonly MemberRecord[]): HttpAnswer {
  const entries = members.map((member) => {
    const page: PageMember = {
      memberID: member.id.toString(16),
      node: member.node,
      peerURLs: member.peerURLs,
      ...(member.name === "" ? {} : { name: member.name }),
      ...(member.clientURLs.length === 0 ? {} : { clientURLs: member.clientURLs }),
      ...(member.isLearner ? { isLearner: true } : {}),
      ...(member.isUnmoved ? {} : { hasMoved: true }),
    };
    return `{"id":${member.id},${JSON.stringify(page).slice(1)}`;
  });
  const headers = {
    "Content-Type": "application/json",
    [CLUSTER_ID_HEADER]: clusterId.toString(16).padStart(16, "0"),
    [CLUSTER_HEADER]: encodeURIComponent(cluster),
  };
  return { headers, body: `[${entries.join(",")}]\n` };
}
