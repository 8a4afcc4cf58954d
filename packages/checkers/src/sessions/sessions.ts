import { Graph } from "../causal/graph.ts";
import type { History, Operation } from "../history.ts";
import { withoutProgramOrder } from "../sequential/program.ts";
import { tell } from "../sequential/tell.ts";
import type { Limits, Verdict, Violation, ViolationEdge } from "../verdict.ts";
import { readSessionEvents, type SessionEvent, type SessionEvents, type VersionOf, versionInAnswer } from "./events.ts";
import { type Rule, Rules, type SessionGuarantee } from "./rules.ts";

export interface SessionOptions extends Limits {
  /** What was promised; all four unless given. */
  readonly guarantees?: readonly SessionGuarantee[];
  /** `output.version` or `output.revision` unless given. */
  readonly versionOf?: VersionOf;
  /** What a read returns before any write, where values tell the versions; null unless given. */
  readonly initial?: unknown;
}

/** From the one that everybody notices to the one that takes three to see. */
const GUARANTEES: readonly SessionGuarantee[] = [
  "read your writes",
  "monotonic reads",
  "writes follow reads",
  "monotonic writes",
];
const MOST_OF_ONE_KIND = 3;
const DEFAULT_MAX_STEPS = 5_000_000;

/**
 * Does every client, as far as its own session goes, see time go forward? Read your writes, monotonic reads, monotonic
 * writes and writes follow reads (Terry et al. 1994), on registers. A session is a process.
 *
 * Versions come from the answers (a number that grows with each write of a key), or else from unique values: then the
 * order of the writes is not known, and the verdict is illegal if no order suits.
 *
 * @param options `maxSteps` counts the rules that are looked at.
 */
export function checkSessions(history: History, options: SessionOptions = {}): Verdict {
  const problem = withoutProgramOrder(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };
  const sessions = readSessionEvents(history, options.versionOf ?? versionInAnswer, options.initial ?? null);
  if (typeof sessions === "string") return { type: "unknown", reason: `The history cannot be judged: ${sessions}.` };

  const rules: Rule[] = [];
  const maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS;
  let gaveUp = false;
  for (const rule of new Rules(sessions, new Set(options.guarantees ?? GUARANTEES))) {
    if (isKept(rule, sessions)) continue;
    gaveUp = rules.length >= maxSteps || ((rules.length & 4095) === 0 && options.isOver?.() === true);
    if (gaveUp) break;
    rules.push(rule);
  }
  const violations = sessions.ordered
    ? brokenRules(rules).map((rule) => explainRule(history, sessions, rule))
    : contradictions(rules, sessions).map((cycle) => explainCycle(history, sessions, cycle));
  const [first, ...others] = violations;
  if (first !== undefined) return { type: "illegal", violations: [first, ...others] };
  if (gaveUp) return { type: "unknown", reason: `Gave up after ${maxSteps} rules.` };
  if (sessions.ambiguous === undefined) return { type: "ok" };
  return { type: "unknown", reason: `Who read whose write cannot be told: ${sessions.ambiguous}.` };
}

/** With numbers, the rule holds or not. Without, it is kept only if it speaks of one version twice. */
function isKept({ older, newer }: Rule, { events, ordered }: SessionEvents): boolean {
  const [a, b] = [events[older]!, events[newer]!];
  if (!ordered) return a.version === b.version;
  // Two writes, or what was read before a write and the write, are never the same version.
  return b.kind === "write" ? a.version < b.version : a.version <= b.version;
}

function brokenRules(rules: readonly Rule[]): Rule[] {
  return GUARANTEES.flatMap((guarantee) =>
    rules.filter((rule) => rule.guarantee === guarantee).slice(0, MOST_OF_ONE_KIND),
  );
}

/** Rules that no order of the writes keeps: of one guarantee, if one alone is broken, else of several together. */
function contradictions(rules: readonly Rule[], { events }: SessionEvents): Rule[][] {
  const alone = GUARANTEES.map((guarantee) => {
    return cycleOf(
      rules.filter((rule) => rule.guarantee === guarantee),
      events,
    );
  }).filter((cycle) => cycle !== undefined);
  if (alone.length > 0) return alone;
  const together = cycleOf(rules, events);
  return together === undefined ? [] : [together];
}

/** Versions as nodes; the initial state of each key comes before all writes of the key. */
function cycleOf(rules: readonly Rule[], events: readonly SessionEvent[]): Rule[] | undefined {
  const initials = new Map<string, number>();
  for (const { key } of events) if (!initials.has(key)) initials.set(key, events.length + initials.size);
  const nodeOf = ({ version, key }: SessionEvent): number => (version < 0 ? (initials.get(key) as number) : version);
  const byEdge = new Map<string, Rule>();
  const graph = new Graph(events.length + initials.size, []);
  const add = (from: number, to: number): void => graph.add({ from, to, kind: "hb", round: 0 });
  for (const rule of rules) {
    const [from, to] = [nodeOf(events[rule.older]!), nodeOf(events[rule.newer]!)];
    if (byEdge.has(`${from} ${to}`)) continue;
    byEdge.set(`${from} ${to}`, rule);
    add(from, to);
  }
  for (const [place, { kind, key }] of events.entries()) if (kind === "write") add(initials.get(key) as number, place);
  const sorted = graph.sorted();
  if (sorted.length === graph.size) return undefined;
  return graph.cycle(sorted).flatMap(({ from, to }) => byEdge.get(`${from} ${to}`) ?? []);
}

function explainRule(history: History, sessions: SessionEvents, rule: Rule): Violation {
  const { events } = sessions;
  const operations = operationsOf(history, sessions, [rule]);
  const newer = history[events[rule.newer]!.operation] as Operation;
  const [is, must] = [events[rule.newer]!.version, events[rule.older]!.version];
  const how = is === must ? "not newer" : "older";
  const reason = `${because(history, events, rule)}, but is of version ${is}, ${how} than ${must}.`;
  return { anomaly: rule.guarantee, reason, operations, key: newer.key, culprit: newer };
}

function explainCycle(history: History, sessions: SessionEvents, cycle: readonly Rule[]): Violation {
  const { events } = sessions;
  const operations = operationsOf(history, sessions, cycle);
  const edges: ViolationEdge[] = cycle.map((rule) => ({
    from: operations.indexOf(history[events[rule.older]!.operation] as Operation),
    to: operations.indexOf(history[events[rule.newer]!.operation] as Operation),
    kind: rule.guarantee,
    because: because(history, events, rule),
  }));
  const { key } = events[cycle[0]!.newer]!;
  const anomaly = GUARANTEES.find((guarantee) => cycle.some((rule) => rule.guarantee === guarantee)) as string;
  const [only] = cycle;
  const steps = edges.map((edge) => edge.because).join("; ");
  const reason =
    cycle.length === 1 && events[only!.newer]!.version < 0
      ? `${steps}, but found the initial value.`
      : `No order of the writes of ${JSON.stringify(key)} suits: ${steps}.`;
  const culprit = history[events[cycle.at(-1)!.newer]!.operation] as Operation;
  return { anomaly, reason, operations, key, culprit, edges };
}

function operationsOf(history: History, { events, ordered }: SessionEvents, rules: readonly Rule[]): Operation[] {
  const places = new Set<number>();
  for (const { older, newer, through } of rules) {
    const all = through === undefined ? [older, newer] : [older, newer, through.write, through.read];
    for (const event of all) {
      const { operation, writer } = events[event]!;
      places.add(operation);
      // Where values tell the versions, a read says nothing without its write.
      if (!ordered && writer !== undefined) places.add(events[writer]!.operation);
    }
  }
  return [...places].map((place) => history[place] as Operation).sort((a, b) => a.call - b.call);
}

function because(
  history: History,
  events: readonly SessionEvent[],
  { guarantee, older, newer, through }: Rule,
): string {
  const name = (event: number): string => tell(history[events[event]!.operation] as Operation);
  const link = {
    "read your writes": "must show at least its process's own",
    "monotonic reads": "must be at least as new as the earlier",
    "monotonic writes": "must come after the earlier",
    "writes follow reads": "must come after what was shown by",
  }[guarantee];
  if (through === undefined) return `${name(newer)} ${link} ${name(older)}`;
  return `${name(newer)} must be at least as new as ${name(older)}, since ${name(through.read)} had shown ${name(through.write)}, which came after that`;
}
