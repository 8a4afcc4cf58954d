import type { Membership } from "@synod/runtime/group";
import type { MembersArea } from "@synod/store/areas/members";
import { addressOfURL, type MemberRecord } from "@synod/store/model/members";

/**
 * The members as this node knows them: as the log has decided, and before it has said anything since the start, as this
 * node was told or remembers.
 */
export class Roster {
  readonly #area: MembersArea;
  readonly #told: readonly MemberRecord[];

  /** @param told what counts until the log has decided */
  constructor(area: MembersArea, told: readonly MemberRecord[]) {
    this.#area = area;
    this.#told = told;
  }

  members(): readonly MemberRecord[] {
    const decided = this.#area.members.list();
    return decided.length > 0 ? decided : this.#told;
  }

  /** @returns 0n for nobody */
  memberId(node: number): bigint {
    return this.#of(node)?.id ?? 0n;
  }

  nameOf(node: number | undefined): string | undefined {
    return node === undefined ? undefined : this.#of(node)?.name || undefined;
  }

  get membership(): Membership | undefined {
    return this.#area.membership();
  }

  #of(node: number): MemberRecord | undefined {
    return this.members().find((member) => member.node === node);
  }
}

/** Where a node that starts finds its peers: at the addresses it is told, or remembers of those that came or moved later. */
export function addressesOf(
  told: readonly MemberRecord[],
  remembered: readonly MemberRecord[] | undefined,
): Map<number, string> {
  const own = new Map(told.map(({ node, peerURLs }) => [node, addressOfURL(peerURLs[0] ?? "")]));
  const addresses = new Map<number, string>();
  for (const { node, peerURLs, isUnmoved } of remembered ?? told) {
    const listed = addressOfURL(peerURLs[0] ?? "");
    const address = isUnmoved ? (own.get(node) ?? listed) : listed;
    if (address !== undefined) addresses.set(node, address);
  }
  return addresses;
}
