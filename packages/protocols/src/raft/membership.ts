import { assert } from "../assert.ts";
import type { Instant, Proposal } from "../protocol.ts";
import { isJoint, isVoter, members } from "../quorum.ts";
import { encodeConfiguration } from "./configuration-codec.ts";
import { becomeFollower } from "./election.ts";
import { newProgress } from "./progress.ts";
import { appendRun } from "./proposing.ts";
import { configurationIndex, configurationOf, type RaftState, resetElectionTimer } from "./state.ts";
import { type Configuration, EntryKind, type RaftOutput } from "./types.ts";

export type ConfigurationRefusal =
  /** Not the leader, or nothing of its own term is committed yet (the single-server bug of 2015). */
  | "notLeader"
  | "notReady"
  /** An earlier change is not committed, or its joint phase has not ended. */
  | "changing"
  | "transferring"
  /** No voters, a node twice, or both voter and learner. */
  | "invalid";

/**
 * Joint consensus (§6): decisions during the change need majorities of both sets of voters, so at no instant can two
 * disjoint majorities exist. The leader leaves the joint configuration by itself once it is committed.
 */
export function proposeConfiguration(
  state: RaftState,
  now: Instant,
  next: { readonly voters: readonly number[]; readonly learners: readonly number[] },
  out: RaftOutput,
): Proposal | { type: "rejected"; reason: ConfigurationRefusal; leader: number | undefined } {
  const refusal = refusalOf(state, next);
  if (refusal !== undefined) return { type: "rejected", reason: refusal, leader: state.leader };
  const current = configurationOf(state);
  const sameVoters = sameSet(current.voters, next.voters);
  const outgoing = sameVoters ? [] : current.voters;
  // A voter on its way out of both lists is still replicated to while the change is joint.
  appendConfiguration(state, now, { voters: sorted(next.voters), outgoing, learners: sorted(next.learners) }, out);
  return { type: "accepted", first: configurationIndex(state), term: state.currentTerm };
}

function refusalOf(
  state: RaftState,
  next: { readonly voters: readonly number[]; readonly learners: readonly number[] },
): ConfigurationRefusal | undefined {
  if (state.role.type !== "leader") return "notLeader";
  if (state.transfer !== undefined) return "transferring";
  if (state.log.termAt(state.commitIndex) !== state.currentTerm) return "notReady";
  if (isJoint(configurationOf(state)) || configurationIndex(state) > state.commitIndex) return "changing";
  const all = [...next.voters, ...next.learners];
  if (next.voters.length === 0 || new Set(all).size !== all.length || all.some((node) => node < 1)) return "invalid";
  return undefined;
}

function appendConfiguration(state: RaftState, now: Instant, configuration: Configuration, out: RaftOutput): void {
  // In force as soon as it is in the log, so before the entry is replicated: new members get it too.
  const index = state.log.lastIndex + 1;
  state.configurations.push({ index, configuration });
  const after = members(configuration);
  for (let node = 1; node < state.progress.length; node++) {
    if (state.progress[node] !== undefined && !after.includes(node)) state.progress[node] = undefined;
  }
  for (const node of after) state.progress[node] ??= newProgress(index, now);
  state.progress[state.options.id] ??= newProgress(index, now);
  out.announce({ type: "configuration", configuration, index });
  appendRun(state, now, EntryKind.configuration, [encodeConfiguration(configuration)], out);
}

/** Called at each advance of the commit index on the leader, whoever began the change. */
export function onConfigurationCommitted(state: RaftState, now: Instant, out: RaftOutput): void {
  if (configurationIndex(state) > state.commitIndex) return;
  const configuration = configurationOf(state);
  if (isJoint(configuration)) {
    const { voters, learners } = configuration;
    appendConfiguration(state, now, { voters, outgoing: [], learners }, out);
    return;
  }
  // A leader that is not part of the new configuration has led to its end (§6).
  if (!isVoter(configuration, state.options.id)) {
    resetElectionTimer(state, now);
    becomeFollower(state, undefined, out);
  }
  forgetOldConfigurations(state);
}

/** What is committed cannot be truncated: only configurations from the last committed one on may come back into force. */
function forgetOldConfigurations(state: RaftState): void {
  const { configurations } = state;
  while (configurations.length > 1 && configurations[1]!.index <= state.commitIndex) configurations.shift();
  assert(configurations.length > 0, "there is always a configuration");
}

/** The configuration that a snapshot at `index` must carry. */
export function configurationAt(state: RaftState, index: number): Configuration {
  let found = state.configurations[0]!.configuration;
  for (const known of state.configurations) if (known.index <= index) found = known.configuration;
  return found;
}

function sameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

function sorted(nodes: readonly number[]): number[] {
  return [...nodes].sort((a, b) => a - b);
}
