import type { NodeId } from "@synod/protocols/protocol";
import { configurationText, type RaftRules, textBytes } from "./member.ts";
import { type Script, ScriptError, type Step } from "./script.ts";
import { Stage } from "./stage.ts";

export interface Performance {
  /** What the members said at each step that was performed. */
  readonly said: readonly (readonly string[])[];
  /** The first thing that went wrong: a broken invariant or an `expect` that does not hold. */
  readonly failure: { readonly line: number; readonly reason: string } | undefined;
}

/** Performs a scenario with the given rules, up to its first failure. */
export function perform(script: Script, rules: RaftRules): Performance {
  const stage = new Stage(rules);
  const said: string[][] = [];
  for (const step of script.steps) {
    try {
      performStep(stage, step);
      stage.settle();
    } catch (error) {
      if (error instanceof ScriptError) throw error;
      said.push(stage.takeSaid());
      return { said, failure: { line: step.line, reason: (error as Error).message } };
    }
    said.push(stage.takeSaid());
  }
  return { said, failure: undefined };
}

type Verb = (stage: Stage, args: readonly string[], step: Step) => void;

const VERBS: Record<string, Verb> = {
  option: (stage, [name, value]) => stage.option(name!, value!),
  nodes(stage, args) {
    const size = Number(args[0]);
    const learners = listAfter(args, "learners");
    const voters = Array.from({ length: size }, (_, i) => i + 1).filter((id) => !learners.includes(id));
    const only = listAfter(args, "voters");
    stage.create(size, only.length > 0 ? only : voters, learners);
  },
  log(stage, [who, ...rest]) {
    const at = rest.indexOf("term");
    const terms = (at < 0 ? rest : rest.slice(0, at)).map(Number);
    stage.presetLog(node(who), terms, at < 0 ? (terms.at(-1) ?? 0) : Number(rest[at + 1]));
  },
  start: (stage) => stage.startAll(),
  timeout: (stage, [who]) => stage.fireTimer(node(who)),
  wake: (stage, [who]) => stage.fireTimer(node(who)),
  advance: (stage, [span]) => stage.advance(micros(span!)),
  settle: (stage) => stage.settle(),
  propose(stage, [who, ...texts]) {
    stage.member(node(who)).input((raft, out) => {
      const result = raft.propose(stage.now, texts.map(textBytes), out);
      if (result.type === "rejected") stage.say(`${who} rejects the proposal: ${result.reason}`);
    });
  },
  read(stage, [who, name]) {
    stage.member(node(who)).input((raft, out) => raft.readIndex(stage.now, Number(name!.slice(1)), out));
  },
  cut: (stage, args) => bothWays(args, (from, to) => stage.cut(from, to)),
  "cut-way": (stage, [from, to]) => stage.cut(node(from), node(to)),
  reconnect: (stage, args) => bothWays(args, (from, to) => stage.healLink(from, to)),
  isolate(stage, [who]) {
    for (const other of stage.members.keys()) bothWays([who!, `S${other}`], (from, to) => stage.cut(from, to));
  },
  heal: (stage) => stage.heal(),
  hold: (stage, [from, to]) => stage.hold(node(from), node(to)),
  flow: (stage, [from, to]) => stage.flow(node(from), node(to)),
  drop: (stage, [from, to, position]) => void stage.heldOn(node(from), node(to)).splice(Number(position) - 1, 1),
  deliver: (stage, [from, to, position]) => stage.deliverHeld(node(from), node(to), Number(position) - 1, false),
  duplicate: (stage, [from, to, position]) => stage.deliverHeld(node(from), node(to), Number(position) - 1, true),
  disk(stage, [who, what]) {
    const member = stage.member(node(who));
    member.stalled = what === "stalls";
    if (!member.stalled) member.sync();
  },
  crash: (stage, [who]) => stage.member(node(who)).crash(),
  restart: (stage, [who]) => stage.member(node(who)).start(),
  /** What a damaged log still holds: its entries up to an index, or its first so many records. */
  damage(stage, [who, unit, kept]) {
    const member = stage.member(node(who));
    const { records } = member;
    const last = Number(kept);
    const sound =
      unit === "records"
        ? records.slice(0, last)
        : records.filter((record) => record.type !== "entries" || record.entries.first <= last);
    member.damage(sound);
  },
  pause(stage, [who]) {
    stage.member(node(who)).paused = true;
  },
  resume(stage, [who]) {
    stage.member(node(who)).paused = false;
  },
  transfer(stage, [from, to]) {
    stage.member(node(from)).input((raft, out) => {
      const result = raft.transferLeadership(stage.now, node(to), out);
      if (result !== "started") stage.say(`${from} does not transfer: ${result}`);
    });
  },
  change(stage, [who, ...rest]) {
    stage.member(node(who)).input((raft, out) => {
      const next = { voters: listAfter(rest, "voters"), learners: listAfter(rest, "learners") };
      const result = raft.proposeConfiguration(stage.now, next, out);
      if (result.type === "rejected") stage.say(`${who} rejects the change: ${result.reason}`);
    });
  },
  count(stage) {
    stage.deliveries = 0;
  },
  snapshot: (stage, [who, , keep]) => void stage.member(node(who)).snapshot(Number(keep ?? 0)),
  disconnect(stage, [who, peer]) {
    stage.member(node(who)).input((raft) => raft.disconnected(stage.now, node(peer)));
  },
  connect: (stage, [who]) => void stage.member(node(who)).input((raft) => raft.connected(stage.now)),
  expect: (stage, args, step) => expectation(stage, args, step),
};

function performStep(stage: Stage, step: Step): void {
  const [verb, ...args] = step.words;
  const action = VERBS[verb!];
  if (action === undefined) throw new ScriptError(step.line, `there is no command "${verb}"`);
  action(stage, args, step);
}

function expectation(stage: Stage, [who, what, ...values]: readonly string[], step: Step): void {
  const wanted = values.join(" ");
  if (who === "no" && what === "leader") return leaderless(stage);
  if (who === "at-most") {
    if (stage.deliveries > Number(what)) throw new Error(`${stage.deliveries} deliveries, expected at most ${what}`);
    return;
  }
  const member = stage.member(node(who));
  const { state } = member.raft;
  const terms = Array.from({ length: state.log.lastIndex - state.log.baseIndex }, (_, i) =>
    state.log.termAt(state.log.firstIndex + i),
  );
  const actual: Record<string, string> = {
    role: state.role.type,
    leader: state.leader === undefined ? "nobody" : `S${state.leader}`,
    term: `${state.currentTerm}`,
    vote: state.votedFor === 0 ? "nobody" : `S${state.votedFor}`,
    commit: `${state.commitIndex}`,
    first: `${state.log.firstIndex}`,
    log: terms.join(" "),
    served: member.served.join(" "),
    applied: member.applied.join(" "),
    recovering: `${state.recovering}`,
    configuration: configurationText(state.configurations.at(-1)!.configuration),
  };
  if (what === "held") actual.held = `${values[0]} ${stage.heldOn(node(who), node(values[0])).length}`;
  if (what === "match") actual.match = `${values[0]} ${state.progress[node(values[0])]?.matchIndex}`;
  const found = actual[what!];
  if (found === undefined) throw new ScriptError(step.line, `nothing to expect of "${what}"`);
  if (found !== wanted) throw new Error(`${who} ${what} is ${found || "nothing"}, expected ${wanted || "nothing"}`);
}

function leaderless(stage: Stage): void {
  for (const member of stage.members.values()) {
    if (member.up && member.raft.state.role.type === "leader") throw new Error(`S${member.id} leads, expected nobody`);
  }
}

function bothWays([a, b]: readonly string[], act: (from: NodeId, to: NodeId) => void): void {
  if (a === b) return;
  act(node(a), node(b));
  act(node(b), node(a));
}

/** Node ids after a word, up to the next word that is none. */
function listAfter(args: readonly string[], word: string): NodeId[] {
  const at = args.indexOf(word);
  if (at < 0) return [];
  const rest = args.slice(at + 1);
  const end = rest.findIndex((arg) => !/^S\d+$/.test(arg));
  return (end < 0 ? rest : rest.slice(0, end)).map(node);
}

function node(name: string | undefined): NodeId {
  const id = Number(/^S(\d+)$/.exec(name ?? "")?.[1]);
  if (Number.isNaN(id)) throw new Error(`"${name}" is no member: members are S1, S2, …`);
  return id;
}

function micros(span: string): number {
  const match = /^(\d+)(us|ms|s)$/.exec(span);
  if (match === null) throw new Error(`"${span}" is no time: write 250ms or 2s`);
  return Number(match[1]) * (match[2] === "us" ? 1 : match[2] === "ms" ? 1000 : 1_000_000);
}
