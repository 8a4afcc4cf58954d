/**
 * Planted bugs: each replaces one piece of a rule's source by a plausible mistake. A scenario that does not fail with its
 * bug proves nothing; a swarm that finds it says how many seeds a search needs.
 */
export interface Mutant {
  readonly name: string;
  /** The scenario that must kill it, without its ending. */
  readonly scenario: string;
  /** Relative to the protocols package's `src`. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "votes for everyone who asks",
    scenario: "01-split-vote",
    file: "raft/election.ts",
    find: "const free = state.votedFor === candidate || (state.votedFor === 0 && state.leader === undefined);",
    replace: "const free = true;",
  },
  {
    name: "counts votes of earlier terms",
    scenario: "02-duelling-candidates",
    file: "raft/raft.ts",
    find: "if (message.term < state.currentTerm) return onStaleTerm(state, from, message, out);",
    replace:
      'if (message.type === "RequestVoteReply" && message.term < state.currentTerm) return true; if (message.term < state.currentTerm) return onStaleTerm(state, from, message, out);',
  },
  {
    name: "compares logs by length alone",
    scenario: "03-up-to-date-vote",
    file: "raft/election.ts",
    find: "if (lastLogTerm !== state.log.lastTerm) return lastLogTerm > state.log.lastTerm;",
    replace: "",
  },
  {
    name: "does not persist its vote",
    scenario: "04-one-vote-per-term",
    file: "raft/state.ts",
    find: 'out.persist({ type: "vote", term, votedFor });',
    replace: 'out.persist({ type: "vote", term, votedFor: 0 });',
  },
  {
    name: "skips the consistency check",
    scenario: "05-figure-7",
    file: "raft/following.ts",
    find: "return state.log.termAt(message.prevLogIndex) === message.prevLogTerm;",
    replace: "return state.log.lastIndex >= message.prevLogIndex;",
  },
  {
    name: "commits entries of earlier terms by counting",
    scenario: "06-figure-8",
    file: "raft/replication.ts",
    find: "if (match <= state.commitIndex || state.log.termAt(match) !== state.currentTerm) return;",
    replace: "if (match <= state.commitIndex) return;",
  },
  {
    name: "begins its term without an entry",
    scenario: "07-noop-on-election",
    file: "raft/election.ts",
    find: "appendNoop(state, now, out);",
    replace: "",
  },
  {
    name: "truncates on every AppendEntries",
    scenario: "08-stale-append",
    file: "raft/following.ts",
    find: "if (known >= entries.terms.length) return;",
    replace: "if (known >= entries.terms.length) return log.truncate(entries.first + known);",
  },
  {
    name: "lets matchIndex run backwards",
    scenario: "09-reordered-replies",
    file: "raft/replication.ts",
    find: "const advanced = index > progress.matchIndex;",
    replace: "const advanced = index !== progress.matchIndex;",
  },
  {
    name: "backs up one entry at a time",
    scenario: "10-fast-backtracking",
    file: "raft/replication.ts",
    find: "Math.min(reply.index, agree + 1)",
    replace: "Math.max(reply.index, agree + 1)",
  },
  {
    name: "serves reads without asking a quorum",
    scenario: "11-stale-leader-read",
    file: "raft/reads.ts",
    find: "reads.pending[served]!.round <= confirmed",
    replace: "reads.pending[served]!.round <= reads.round",
  },
  {
    name: "serves reads before its first commit",
    scenario: "12-read-before-first-commit",
    file: "raft/reads.ts",
    find: "if (state.log.termAt(state.commitIndex) !== state.currentTerm) {",
    replace: "if (false) {",
  },
  {
    name: "campaigns without asking first",
    scenario: "13-disruptive-server",
    file: "raft/election.ts",
    find: "if (state.options.preVote) startPreVote(state, now, out);",
    replace: "if (false) startPreVote(state, now, out);",
  },
  {
    name: "leads on although it hears nobody",
    scenario: "14-half-connected-leader",
    file: "raft/heartbeat.ts",
    find: 'if (voteResult(configurationOf(state), heard) !== "won") {',
    replace: "if (false) {",
  },
  {
    name: "promises pre-votes while it hears the leader",
    scenario: "15-one-link-cut",
    file: "raft/election.ts",
    find: "    !hearsLeader(state, now) &&\n",
    replace: "",
  },
  {
    name: "counts members as heard for ever",
    scenario: "16-check-quorum",
    file: "raft/heartbeat.ts",
    find: "now - progress.lastHeard <= options.electionTimeout",
    replace: "progress.lastHeard > 0",
  },
  {
    name: "never gives a transfer up",
    scenario: "17-leadership-transfer",
    file: "raft/transfer.ts",
    find: "  state.transfer = undefined;\n",
    replace: "  state.transfer!.deadline += state.options.electionTimeout;\n",
  },
  {
    name: "changes members before its first commit",
    scenario: "18-single-server-change-bug",
    file: "raft/membership.ts",
    find: 'if (state.log.termAt(state.commitIndex) !== state.currentTerm) return "notReady";',
    replace: "",
  },
  {
    name: "lets the new majority alone elect in the joint phase",
    scenario: "19-joint-consensus",
    file: "quorum.ts",
    find: "  if (!isJoint(configuration)) return incoming;\n  const outgoing = majorityVote",
    replace: "  if (configuration.voters.length > 0) return incoming;\n  const outgoing = majorityVote",
  },
  {
    name: "restarts its log at the snapshot",
    scenario: "20-snapshot-then-crash",
    file: "raft/recovery.ts",
    find: "else if (log.termAt(lastIncludedIndex) === lastIncludedTerm) log.compact(lastIncludedIndex);\n",
    replace: "",
  },
  {
    name: "acknowledges before its disk",
    scenario: "21-ack-before-fsync",
    file: "raft/following.ts",
    find: "out.sendOnceDurable(leader, {",
    replace: "out.send(leader, {",
  },
  {
    name: "believes its own late acknowledgements",
    scenario: "22-aba-append",
    file: "raft/raft.ts",
    find: "if (message.term === state.currentTerm) return true;",
    replace: "if (message.term === state.currentTerm || from === state.options.id) return true;",
  },
  {
    name: "votes with a damaged log",
    scenario: "23-damaged-voter",
    file: "raft/election.ts",
    find: "const voteGranted = free && !state.recovering && isUpToDate",
    replace: "const voteGranted = free && isUpToDate",
  },
  {
    name: "executes a repeated request again",
    scenario: "24-retry-executes-once",
    file: "sessions.ts",
    find: "if (sequence <= session.contiguous || session.above.has(sequence)) return false;",
    replace: "",
  },
  {
    name: "waits for ever for a lost probe",
    scenario: "25-probe-recovers",
    file: "raft/replication.ts",
    find: 'if (progress.state === "probe") progress.probing = false;',
    replace: "",
  },
  {
    name: "takes half for a majority",
    scenario: "26-even-and-small",
    file: "quorum.ts",
    find: 'if (granted > voters.length >> 1) return "won";',
    replace: 'if (granted >= (voters.length + 1) >> 1) return "won";',
  },
  {
    name: "never leaves the joint phase after a change of leader",
    scenario: "27-joint-leader-dies",
    file: "raft/membership.ts",
    find: "if (isJoint(configuration)) {",
    replace: "if (isJoint(configuration) && state.log.termAt(configurationIndex(state)) === state.currentTerm) {",
  },
  {
    name: "falls silent as soon as it is to leave",
    scenario: "28-leaving-member-is-needed",
    file: "raft/state.ts",
    find: "if (index <= state.commitIndex) return false;",
    replace: "if (index >= 0) return false;",
  },
  {
    name: "believes in its lease for ever",
    scenario: "29-lease-read",
    file: "raft/reads.ts",
    find: "now < state.reads.leaseUntil",
    replace: "now + state.reads.leaseUntil > now",
  },
  {
    name: "keeps its lease after a transfer was given up",
    scenario: "30-lease-after-transfer",
    file: "raft/transfer.ts",
    find: "state.reads.leaseForbidden = true;",
    replace: "",
  },
  {
    name: "asks for votes before its own is on disk",
    scenario: "31-forgotten-candidacy",
    file: "raft/election.ts",
    find: "    out.sendOnceDurable(peer, {",
    replace: "    out.send(peer, {",
  },
  {
    name: "lets a damaged member commit what its leader believes of it",
    scenario: "32-damaged-member-is-not-believed",
    file: "raft/heartbeat.ts",
    find: "if (!state.recovering) advanceFollowerCommit(state, Math.min(leaderCommit, state.log.lastIndex), out);",
    replace:
      "advanceFollowerCommit(state, Math.min(leaderCommit, state.log.lastIndex), out); if (!state.recovering) {}",
  },
  {
    name: "votes before its vote is on disk",
    scenario: "04-one-vote-per-term",
    file: "raft/election.ts",
    find: "out.sendOnceDurable(candidate, {",
    replace: "out.send(candidate, {",
  },
  {
    name: "calls itself whole at the first answer",
    scenario: "33-rejoins-once-per-heartbeat",
    file: "raft/rejoin.ts",
    find: " || matched < state.rejoin.index) return;",
    replace: ") return;",
  },
  {
    name: "asks to be taken back at every answer",
    scenario: "33-rejoins-once-per-heartbeat",
    file: "raft/rejoin.ts",
    find: "if (!state.recovering) resetElectionTimer(state, now);",
    replace: "if (!state.recovering) resetElectionTimer(state, now);\n  else askToRejoin(state, state.leader!, out);",
  },
  {
    name: "tells a damaged member that it has everything",
    scenario: "33-rejoins-once-per-heartbeat",
    file: "raft/rejoin.ts",
    find: "index: state.log.lastIndex, matchIndex });",
    replace: "index: state.log.lastIndex, matchIndex: state.log.lastIndex });",
  },
  {
    name: "asks again at once whoever refuses what it once acknowledged",
    scenario: "34-refuses-what-it-acknowledged",
    file: "raft/replication.ts",
    find: "if (progress.nextIndex > reply.index) progress.probing = true;\n  else replicateTo(",
    replace: "replicateTo(",
  },
  {
    name: "counts its own entries before they are on its disk",
    scenario: "35-leaders-own-disk",
    file: "raft/replication.ts",
    find: "(node) => state.progress[node]?.matchIndex ?? 0);",
    replace: "(node) => (node === state.options.id ? state.log.lastIndex : (state.progress[node]?.matchIndex ?? 0)));",
  },
  {
    name: "answers for a snapshot before its record is on disk",
    scenario: "36-snapshot-reply-waits",
    file: "raft/snapshot.ts",
    find: "  out.sendOnceDurable(leader, {",
    replace: "  out.send(leader, {",
  },
  {
    name: "sits out its time-out though a link has come up",
    scenario: "37-a-link-is-news",
    file: "raft/raft.ts",
    find: "const soon = now + 2 * heartbeatInterval + state.random.below(electionTimeout >> 2);",
    replace: "const soon = now + 2 * electionTimeout;",
  },
];
