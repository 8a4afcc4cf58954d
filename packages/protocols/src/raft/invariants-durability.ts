import type { LogIndex, NodeId, Term } from "../protocol.ts";
import { ConfirmedDisk } from "./invariants-disk.ts";
import { DurabilityViolation } from "./invariants-log.ts";
import type { RaftState } from "./state.ts";
import type { Configuration, RaftMessage, RaftRecord } from "./types.ts";

/** What a member shows of itself when it announces a commit. */
export interface CommittingMember {
  readonly role: RaftState["role"]["type"];
  /** The one in force. */
  readonly configuration: Configuration;
  termAt(index: LogIndex): Term | undefined;
}

/**
 * Durable ≥ acknowledged, over all members of a world and after every event. A disk counts for what its syncs have
 * confirmed, followed here record by record and apart from anything that a member remembers:
 *
 * 1. Nothing leaves too early. At the moment when a message really leaves, its sender's disk bears it out: an
 *    acknowledgement (AppendEntriesReply, InstallSnapshotReply), the log up to its index; a vote, that vote in that term,
 *    and no unmended damage; a request for votes, the candidacy and the log it boasts of.
 * 2. What is committed is on the disks of a quorum. Whoever commits an entry first leads, and at that moment a majority of
 *    the voters in force (of both sets, if joint) has the entry on disk or under a durable snapshot.
 * 3. It stays there. No record takes a committed entry off a disk that has it, and a start finds all that was confirmed.
 *
 * Damage that a fault injects is no member's doing: a disk still counts for exactly what was destroyed on it, until its
 * member says that it has everything back; then everything committed of it must be there again. RejoinReply passes on what a
 * leader believes of a damaged member, which must be something that this member's disk once confirmed. Everything else
 * (refusals, pre-votes, heartbeats, Rejoin) promises nothing that a crash could take back.
 *
 * Logs that hold the same last entry hold the same entries before it (Log Matching), so a commit costs one look per voter.
 */
export class DurabilityInvariants {
  readonly #disks: ConfirmedDisk[] = [];
  /** Terms of the entries that some leader has counted as committed, from index 1 on. */
  readonly #committed: Term[] = [];

  /** A member (re)started from its disk. */
  started({ state }: { readonly state: RaftState }): void {
    this.#disk(state.options.id).restart(state);
  }

  /** The `position`-th record of this node's life; not on disk yet. */
  written(node: NodeId, position: number, record: RaftRecord): void {
    this.#disk(node).write(position, record);
  }

  /** A sync has confirmed all records up to `position`. */
  durable(node: NodeId, position: number): void {
    this.#disk(node).confirm(position, this.#committed);
  }

  /** The process ended: nobody knows what is left of the records that no sync had confirmed. */
  crashed(node: NodeId): void {
    this.#disk(node).crash();
  }

  /** A fault has destroyed something on the disk of a node that is down. */
  damaged(node: NodeId): void {
    this.#disk(node).damage();
  }

  /** @throws DurabilityViolation if the sender's disk does not bear the message out */
  leaves(from: NodeId, to: NodeId, message: RaftMessage): void {
    const disk = this.#disk(from);
    switch (message.type) {
      case "AppendEntriesReply":
        if (message.success) acknowledges(disk, from, message.term, message.index);
        return;
      case "InstallSnapshotReply":
        if (message.status === "installed") acknowledges(disk, from, message.term, message.lastIncludedIndex);
        return;
      case "RequestVoteReply":
        if (message.voteGranted && !disk.votes(message.term, to)) {
          broken(`n${from} votes for n${to} in term ${message.term}; its disk has no such vote, or is damaged`);
        }
        return;
      case "RequestVote":
        if (!disk.votes(message.term, from) || !disk.endsWith(message.lastLogIndex, message.lastLogTerm)) {
          broken(
            `n${from} asks for votes in term ${message.term}; its disk lacks its candidacy, or the log it boasts of`,
          );
        }
        return;
      case "RejoinReply":
        if (!this.#disk(to).everReached(message.matchIndex, message.term)) {
          broken(`n${from} believes that n${to} holds entry ${message.matchIndex}, which its disk never confirmed`);
        }
    }
  }

  /** @throws DurabilityViolation if no quorum's disks have what `member` now calls committed */
  committed(node: NodeId, member: CommittingMember, index: LogIndex): void {
    if (index <= this.#committed.length) return;
    if (member.role !== "leader") broken(`n${node} commits entry ${index}, which no leader has counted`);
    for (let at = this.#committed.length + 1; at <= index; at++) this.#committed.push(member.termAt(at)!);
    const { voters, outgoing } = member.configuration;
    if (!this.#onMajority(voters, index) || (outgoing.length > 0 && !this.#onMajority(outgoing, index))) {
      broken(`entry ${index} is committed by n${node} and not on the disks of a quorum`);
    }
  }

  // Not by the protocol's own counting of quorums, which may be what is wrong.
  #onMajority(voters: readonly NodeId[], index: LogIndex): boolean {
    const term = this.#committed[index - 1]!;
    let holders = 0;
    for (const voter of voters) if (this.#disk(voter).vouchesFor(index, term)) holders++;
    return 2 * holders > voters.length;
  }

  #disk(node: NodeId): ConfirmedDisk {
    this.#disks[node] ??= new ConfirmedDisk(node);
    return this.#disks[node];
  }
}

function acknowledges(disk: ConfirmedDisk, from: NodeId, term: Term, index: LogIndex): void {
  if (index > disk.lastIndex || term > disk.currentTerm) {
    broken(`n${from} acknowledges entry ${index} in term ${term}; its disk ends at ${disk.lastIndex}`);
  }
}

function broken(what: string): never {
  throw new DurabilityViolation(`durable ≥ acknowledged: ${what}`);
}
