import { assert } from "../assert.ts";
import type { Instant, LogIndex, NodeId } from "../protocol.ts";
import { decodeConfiguration } from "./configuration-codec.ts";
import { becomeFollower } from "./election.ts";
import { checkRejoined } from "./rejoin.ts";
import { type RaftState, resetElectionTimer } from "./state.ts";
import { type AppendEntries, type Entries, EntryKind, type RaftOutput } from "./types.ts";

/** A message that only the leader of the current term sends: there is one, and it lives. */
export function hearLeader(state: RaftState, now: Instant, leader: NodeId, out: RaftOutput): void {
  assert(state.role.type !== "leader", "Election Safety: two leaders in one term");
  assert(state.leader === undefined || state.leader === leader, "Election Safety: two leaders in one term");
  state.lastLeaderContact = now;
  resetElectionTimer(state, now);
  if (state.role.type !== "follower" || state.leader !== leader) becomeFollower(state, leader, out);
}

/** AppendEntries, receiver side (Figure 2). */
export function onAppendEntries(
  state: RaftState,
  now: Instant,
  leader: NodeId,
  message: AppendEntries,
  out: RaftOutput,
): void {
  hearLeader(state, now, leader, out);
  const { prevLogIndex, entries } = message;
  const last = prevLogIndex + entries.terms.length;
  if (prevLogIndex < state.commitIndex && last <= state.commitIndex) {
    return acknowledge(state, leader, state.commitIndex, out); // an old message; the answer is already known
  }
  if (!agreesAt(state, message)) return refuse(state, leader, message, out);
  appendNew(state, entries, out);
  advanceFollowerCommit(state, Math.min(message.leaderCommit, last), out);
  acknowledge(state, leader, Math.max(last, state.commitIndex), out);
  checkRejoined(state, last, out);
}

/** The consistency check (§5.3). What is committed here agrees with every leader, even where it is compacted. */
function agreesAt(state: RaftState, message: AppendEntries): boolean {
  if (message.prevLogIndex < state.commitIndex) return true;
  return state.log.termAt(message.prevLogIndex) === message.prevLogTerm;
}

function acknowledge(state: RaftState, leader: NodeId, index: LogIndex, out: RaftOutput): void {
  // An acknowledgement counts towards commitment: everything up to `index` must be on disk first.
  out.sendOnceDurable(leader, {
    type: "AppendEntriesReply",
    term: state.currentTerm,
    success: true,
    index,
    hintIndex: 0,
    hintTerm: 0,
  });
}

function refuse(state: RaftState, leader: NodeId, message: AppendEntries, out: RaftOutput): void {
  const { log } = state;
  const hintIndex = log.lastIndexWithTermAtMost(message.prevLogTerm, message.prevLogIndex);
  out.send(leader, {
    type: "AppendEntriesReply",
    term: state.currentTerm,
    success: false,
    index: message.prevLogIndex,
    hintIndex,
    hintTerm: log.termAt(hintIndex)!,
  });
}

/** Figure 2, steps 3 and 4: an old, shorter message must not truncate; only a conflicting term does. */
function appendNew(state: RaftState, entries: Entries, out: RaftOutput): void {
  const { log } = state;
  let known = Math.max(0, log.baseIndex + 1 - entries.first);
  while (known < entries.terms.length && log.termAt(entries.first + known) === entries.terms[known]) known++;
  if (known >= entries.terms.length) return;
  const from = entries.first + known;
  if (from <= log.lastIndex) {
    assert(from > state.commitIndex, "State-Machine Safety: a committed entry conflicts with the leader's");
    log.truncate(from);
    while (state.configurations.length > 1 && state.configurations.at(-1)!.index >= from) state.configurations.pop();
  }
  const fresh = known === 0 ? entries : suffix(entries, known);
  log.append(fresh);
  out.persist({ type: "entries", entries: fresh });
  adoptConfigurations(state, fresh, out);
}

function suffix(entries: Entries, skip: number): Entries {
  return {
    first: entries.first + skip,
    terms: entries.terms.slice(skip),
    kinds: entries.kinds.slice(skip),
    payloads: entries.payloads.slice(skip),
    encoded: undefined,
  };
}

/** §6: a member uses the latest configuration in its log, committed or not. */
function adoptConfigurations(state: RaftState, entries: Entries, out: RaftOutput): void {
  for (let i = 0; i < entries.kinds.length; i++) {
    if (entries.kinds[i] !== EntryKind.configuration) continue;
    const configuration = decodeConfiguration(entries.payloads[i]!);
    const index = entries.first + i;
    state.configurations.push({ index, configuration });
    out.announce({ type: "configuration", configuration, index });
  }
}

export function advanceFollowerCommit(state: RaftState, index: LogIndex, out: RaftOutput): void {
  if (index <= state.commitIndex) return;
  assert(index <= state.log.lastIndex, "Leader Completeness: committed beyond this log's end");
  state.commitIndex = index;
  out.announce({ type: "committed", index });
}
