import type { MembersArea } from "@synod/store/areas/members";
import { addressOfURL, type MemberRecord } from "@synod/store/model/members";
import type { Remembered } from "./remembered.ts";

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

  /** What the node is to know at its next start. */
  toRemember(): Remembered {
    return { members: this.members(), departed: this.#area.members.departed() };
  }

  #of(node: number): MemberRecord | undefined {
    return this.members().find((member) => member.node === node);
  }
}

/** Where a node that starts finds its peers: at the addresses it is told, or remembers of those that came or moved later. */
export function addressesOf(told: readonly MemberRecord[], remembered: Remembered | undefined): Map<number, string> {
  const own = new Map(told.map(({ node, peerURLs }) => [node, addressOfURL(peerURLs[0] ?? "")]));
  const addresses = new Map<number, string>();
  const listed = remembered === undefined ? told : [...remembered.departed, ...remembered.members];
  for (const { node, peerURLs, isUnmoved } of listed) {
    const url = addressOfURL(peerURLs[0] ?? "");
    const address = isUnmoved ? (own.get(node) ?? url) : url;
    if (address !== undefined) addresses.set(node, address);
  }
  return addresses;
}
