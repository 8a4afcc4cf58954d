import type { Instant, Proposal } from "../protocol.ts";
import { isMember } from "../quorum.ts";
import { replicateTo } from "./replication.ts";
import { configurationOf, peersOf, type RaftState } from "./state.ts";
import { type Entries, EntryKind, type RaftOutput } from "./types.ts";

const NO_BYTES = new Uint8Array(0);

/** A leader appends its clients' commands (§5.3): one write, one message a follower, however many commands there are. */
export function propose(state: RaftState, now: Instant, commands: readonly Uint8Array[], out: RaftOutput): Proposal {
  if (state.role.type !== "leader") return { type: "rejected", reason: "notLeader", leader: state.leader };
  if (!isMember(configurationOf(state), state.options.id)) {
    return { type: "rejected", reason: "notLeader", leader: undefined }; // it is leading its own removal
  }
  if (state.transfer !== undefined) {
    return { type: "rejected", reason: "transferring", leader: state.transfer.target };
  }
  let bytes = 0;
  for (const command of commands) bytes += command.length;
  // Some progress must always be possible: the first bytes are taken whatever their number.
  if (state.uncommittedBytes > 0 && state.uncommittedBytes + bytes > state.options.maxUncommittedBytes) {
    return { type: "rejected", reason: "overloaded", leader: state.options.id };
  }
  state.uncommittedBytes += bytes;
  const first = state.log.lastIndex + 1;
  appendCommands(state, now, commands, out);
  return { type: "accepted", first, term: state.currentTerm };
}

/** One run of entries for each `maxAppendBytes`, so that no message and no record grows without bound. */
function appendCommands(state: RaftState, now: Instant, commands: readonly Uint8Array[], out: RaftOutput): void {
  const limit = state.options.maxAppendBytes;
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < commands.length; i++) {
    const size = commands[i]!.length;
    if (i > start && bytes + size > limit) {
      appendRun(state, now, EntryKind.command, commands.slice(start, i), out);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < commands.length) {
    appendRun(state, now, EntryKind.command, start === 0 ? commands : commands.slice(start), out);
  }
}

export function appendNoop(state: RaftState, now: Instant, out: RaftOutput): void {
  appendRun(state, now, EntryKind.noop, [NO_BYTES], out);
}

/** Appends to the leader's log, its disk and, where they keep up, its followers. */
export function appendRun(
  state: RaftState,
  now: Instant,
  kind: (typeof EntryKind)[keyof typeof EntryKind],
  payloads: readonly Uint8Array[],
  out: RaftOutput,
): void {
  const entries: Entries = {
    first: state.log.lastIndex + 1,
    terms: new Array(payloads.length).fill(state.currentTerm),
    kinds: new Array(payloads.length).fill(kind),
    payloads,
    encoded: undefined,
  };
  state.log.append(entries);
  out.persist({ type: "entries", entries });
  // The leader's disk is one vote like the others: it acknowledges to itself, by message, once the entries are on it.
  out.sendOnceDurable(state.options.id, {
    type: "AppendEntriesReply",
    term: state.currentTerm,
    success: true,
    index: state.log.lastIndex,
    hintIndex: 0,
    hintTerm: 0,
  });
  for (const peer of peersOf(state)) replicateTo(state, now, peer, entries, out);
}
