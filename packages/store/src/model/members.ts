import { StoreError } from "./errors.ts";

/** One member of the cluster, as the log has it. */
export interface MemberRecord {
  /** As etcd's API knows it: 64 bits. */
  readonly id: bigint;
  /** As consensus and the peers' connections know it: small, and never given to another member. */
  readonly node: number;
  /** Empty until it has started. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
  /** A member from the beginning whose peers have found it at the same address ever since. */
  readonly isUnmoved: boolean;
}

/** How a change is judged; the proposing server's settings, so that all members judge it alike. */
export interface MemberRules {
  /** Refuse what leaves fewer started voters than a majority (etcd `--strict-reconfig-check`). */
  readonly strict: boolean;
  readonly maxLearners: number;
}

export const DEFAULT_MEMBER_RULES: MemberRules = { strict: true, maxLearners: 1 };

/** More could not be written into one configuration, and no majority of so many is quick. */
export const MOST_MEMBERS = 64;
const MOST_NODE_IDS = 65_535;
const DEPARTED_KEPT = 8;

/**
 * Who belongs to the cluster (etcd `server/etcdserver/api/membership`). Every change is checked here, when it is applied:
 * of two that do not go together the second is refused on all members alike.
 */
export class Members {
  #members: readonly MemberRecord[] = [];
  #departed: readonly MemberRecord[] = [];
  #nextNode = 1;

  /** In ascending order of id; another array after each change. Empty until the first members are written down. */
  list(): readonly MemberRecord[] {
    return this.#members;
  }

  /** Those removed last, the latest first: where they are is still to be known until consensus goes on without them. */
  departed(): readonly MemberRecord[] {
    return this.#departed;
  }

  get(id: bigint): MemberRecord | undefined {
    return this.#members.find((member) => member.id === id);
  }

  byNode(node: number): MemberRecord | undefined {
    return this.#members.find((member) => member.node === node);
  }

  /** What the next member will be to consensus. All below it that are no members never will be. */
  get nextNode(): number {
    return this.#nextNode;
  }

  /** Writes down the members that the cluster begins with. @returns false: that was done before, and it changes nothing. */
  seed(members: readonly MemberRecord[]): boolean {
    if (this.#members.length > 0 || members.length === 0) return false;
    this.replace(members, 1 + Math.max(...members.map(({ node }) => node)));
    return true;
  }

  /** @throws StoreError what `mayAdd` throws, `memberExist`, `peerURLExist`, `tooManyLearners`, `tooManyMembers` */
  add(id: bigint, peerURLs: readonly string[], isLearner: boolean, rules: MemberRules): MemberRecord {
    if (!isLearner && rules.strict) this.mayAddVoter();
    if (this.get(id) !== undefined) throw new StoreError("memberExist");
    this.#mustBeFree(peerURLs, undefined);
    const learners = this.#members.filter((member) => member.isLearner).length;
    if (isLearner && learners >= rules.maxLearners) throw new StoreError("tooManyLearners");
    if (this.#members.length >= MOST_MEMBERS || this.#nextNode > MOST_NODE_IDS) throw new StoreError("tooManyMembers");
    const node = this.#nextNode;
    const added = { id, node, name: "", peerURLs, clientURLs: [], isLearner, isUnmoved: false };
    this.replace([...this.#members, added], node + 1);
    return added;
  }

  /** @throws StoreError `memberNotFound`, `notEnoughStartedMembers` */
  remove(id: bigint, rules: MemberRules): MemberRecord {
    const removed = this.#mustKnow(id);
    if (rules.strict) this.mayRemove(id);
    const left = this.#members.filter((member) => member !== removed);
    this.replace(left, this.#nextNode, [removed, ...this.#departed].slice(0, DEPARTED_KEPT));
    return removed;
  }

  /** @throws StoreError `memberNotFound`, `peerURLExist` */
  update(id: bigint, peerURLs: readonly string[]): MemberRecord {
    const member = this.#mustKnow(id);
    this.#mustBeFree(peerURLs, member);
    return this.#put({ ...member, peerURLs, isUnmoved: false });
  }

  /** @throws StoreError `memberNotFound`, `memberNotLearner`, `notEnoughStartedMembers` */
  promote(id: bigint, rules: MemberRules): MemberRecord {
    const member = this.#mustKnow(id);
    if (!member.isLearner) throw new StoreError("memberNotLearner");
    if (rules.strict) this.mayPromote();
    return this.#put({ ...member, isLearner: false });
  }

  /** A member has started and says who it is to clients. @throws StoreError `memberNotFound` */
  publish(id: bigint, name: string, clientURLs: readonly string[]): MemberRecord {
    return this.#put({ ...this.#mustKnow(id), name, clientURLs });
  }

  /** The new voter counts, and has not started. One voter may get a second one. @throws StoreError `notEnoughStartedMembers` */
  mayAddVoter(): void {
    const { voters, started } = this.#count(undefined);
    if (started === 1 && voters === 1) return;
    mustHaveMajority(voters + 1, started);
  }

  /** @throws StoreError `notEnoughStartedMembers` */
  mayRemove(id: bigint): void {
    if (this.get(id)?.isLearner === true) return;
    const { voters, started } = this.#count(id);
    if (voters === 0) throw new StoreError("notEnoughStartedMembers");
    mustHaveMajority(voters, started);
  }

  /** The learner counts as started, for it is in sync. @throws StoreError `notEnoughStartedMembers` */
  mayPromote(): void {
    const { voters, started } = this.#count(undefined);
    mustHaveMajority(voters + 1, started + 1);
  }

  /** For a snapshot's contents. */
  replace(
    members: readonly MemberRecord[],
    nextNode: number,
    departed: readonly MemberRecord[] = this.#departed,
  ): void {
    this.#departed = departed;
    this.#members = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#nextNode = nextNode;
  }

  #put(changed: MemberRecord): MemberRecord {
    this.replace(
      this.#members.map((member) => (member.id === changed.id ? changed : member)),
      this.#nextNode,
    );
    return changed;
  }

  #mustKnow(id: bigint): MemberRecord {
    const member = this.get(id);
    if (member === undefined) throw new StoreError("memberNotFound");
    return member;
  }

  #mustBeFree(peerURLs: readonly string[], owner: MemberRecord | undefined): void {
    for (const member of this.#members) {
      if (member !== owner && member.peerURLs.some((url) => peerURLs.includes(url)))
        throw new StoreError("peerURLExist");
    }
  }

  #count(without: bigint | undefined): { voters: number; started: number } {
    const voters = this.#members.filter(({ id, isLearner }) => !isLearner && id !== without);
    return { voters: voters.length, started: voters.filter(({ name }) => name !== "").length };
  }
}

function mustHaveMajority(voters: number, started: number): void {
  if (started < (voters >> 1) + 1) throw new StoreError("notEnoughStartedMembers");
}

/**
 * Whether these can be a member's peer URLs (etcd `client/pkg/types/urls.go`): at least one, each `http` or `https` with a
 * host and a port and nothing behind it.
 */
export function arePeerURLs(urls: readonly string[]): boolean {
  return urls.length > 0 && urls.every((url) => addressOfURL(url) !== undefined);
}

/** `host:port` of `http://host:port`; undefined for anything else. */
export function addressOfURL(url: string): string | undefined {
  const match = /^https?:\/\/((?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]?#@]+):(\d{1,5}))$/.exec(url);
  return match === null || Number(match[2]) > 65_535 ? undefined : match[1];
}
