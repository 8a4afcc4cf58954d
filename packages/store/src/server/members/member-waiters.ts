import type { Group } from "@synod/runtime/group";
import type { MemberRecord } from "../../model/members.ts";
import type { StoreResult } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";

/** Microseconds: as long as a proposal may take. */
const TIMEOUT = 7_000_000;

/** What is to be in force: the new member or the present one, the member's vote, or that it is none. */
export type Wanted = "added" | "present" | "voter" | "gone";

/** @param added the new member, in the answer to its addition */
type Answer = (connection: StoreConnection, stream: number, added: MemberRecord | undefined) => void;

interface MemberWaiter {
  readonly connection: StoreConnection;
  readonly stream: number;
  readonly member: MemberRecord;
  readonly wanted: Wanted;
  readonly deadline: number;
}

/**
 * Calls that have changed the list of members and wait until the change is in force: committed in the configuration by
 * which decisions are made.
 */
export class MemberWaiters {
  readonly #group: Group<StoreResult>;
  readonly #answer: Answer;
  #waiters: MemberWaiter[] = [];

  constructor(group: Group<StoreResult>, answer: Answer) {
    this.#group = group;
    this.#answer = answer;
  }

  add(connection: StoreConnection, stream: number, member: MemberRecord, wanted: Wanted): void {
    const now = connection.service.options.now();
    this.#waiters.push({ connection, stream, member, wanted, deadline: now + TIMEOUT });
    this.check(now);
  }

  /** Whenever entries were applied, and now and then. */
  check(now: number): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.#isInForce(waiter)) this.#tell(waiter);
      else if (waiter.deadline <= now) waiter.connection.refuse(waiter.stream, "timeout");
      else this.#waiters.push(waiter);
    }
  }

  /** This node is no member any more: its removal is in force, and of other changes it will not hear. */
  removed(self: number): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (waiter.wanted === "gone" && waiter.member.node === self) this.#tell(waiter);
      else waiter.connection.refuse(waiter.stream, "stopped");
    }
  }

  #tell({ connection, stream, member, wanted }: MemberWaiter): void {
    this.#answer(connection, stream, wanted === "added" ? member : undefined);
  }

  #isInForce({ member, wanted }: MemberWaiter): boolean {
    const { configuration, isSettled } = this.#group.status;
    if (!isSettled) return false;
    const votes = configuration.voters.includes(member.node);
    const isPresent = votes || configuration.learners.includes(member.node);
    if (wanted === "voter") return votes;
    return wanted === "gone" ? !isPresent : isPresent;
  }
}
