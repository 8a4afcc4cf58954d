import { type History, NEVER_RETURNED } from "../history.ts";
import type { Fault } from "../readers/history-file.ts";
import type { Verdict, Violation, ViolationEdge } from "../verdict.ts";
import { type Clock, createClock } from "./clock.ts";
import { contradiction } from "./contradiction.ts";
import { brief } from "./escape.ts";
import { instantOf } from "./excerpt.ts";
import type { PictureInput } from "./input.ts";

const MOST_REASON = 1_500;

/**
 * The verdict as one would say it: "n2 answered client 3's read with 3 at 412 ms although client 1's write 4 had finished
 * at 380 ms. A partition (n1 | n2 n3) was on from 300 ms to 500 ms."
 */
export function explain(
  verdict: Verdict,
  history: History,
  faults: readonly Fault[] = [],
  more: Omit<PictureInput, "verdict" | "history" | "faults"> = {},
): string {
  if (verdict.type !== "illegal") return headline({ ...more, verdict, history, faults });
  const clock = createClock(history, more.unit ?? "unknown", faults);
  return explainViolation(verdict.violations[0], history, faults, clock).join(" ");
}

/** The verdict in one sentence. */
export function headline({ verdict, history, faults = [], unit = "unknown", checker }: PictureInput): string {
  const level = checker ?? "the promise";
  if (verdict.type === "unknown") return `Not decided whether this is ${level}: ${brief(verdict.reason, MOST_REASON)}`;
  if (verdict.type === "ok") return holds(level, history, verdict.weakest);
  const clock = createClock(history, unit, faults);
  const [first = ""] = explainViolation(verdict.violations[0], history, faults, clock);
  return first;
}

/**
 * What happened, why that cannot be, what was going on: the first sentence apart from the others.
 * @param drawn whether a cycle's edges are told beside this: then they are not told here.
 */
export function explainViolation(
  violation: Violation,
  history: History,
  faults: readonly Fault[],
  clock: Clock,
  drawn = false,
): string[] {
  const { culprit, reason, edges = [] } = violation;
  const isByTime = violation.anomaly === "not linearizable"; // weaker promises let answers be late
  const contradicted = culprit && isByTime ? contradiction(violation, culprit, history, clock) : undefined;
  const isToldTwice = drawn && edges.length > 0 && edges.every(({ because }) => reason.includes(because));
  const own = isToldTwice ? withoutEdges(reason, edges) : reason;
  const [first, rest] = firstSentence(inUnits(brief(own, MOST_REASON), clock));
  const whole =
    contradicted === undefined ? [capital(first), rest] : [contradicted, capital(`${first} ${rest}`.trim())];
  const sentences = whole.filter((sentence) => sentence !== "");
  return [...sentences, ...faultSentences(violation, faults, clock)];
}

/** Up to where it begins to tell edges, and of that the first sentence: who takes part is told with the edges. */
function withoutEdges(reason: string, edges: readonly ViolationEdge[]): string {
  const begin = Math.min(...edges.map(({ because }) => reason.indexOf(because)));
  return `${firstSentence(reason.slice(0, begin))[0].replace(/[\s:;,.]+$/, "")}.`;
}

/** Where a sentence ends, which is not in quotes, nor in brackets. */
function firstSentence(text: string): [first: string, rest: string] {
  for (const match of text.matchAll(/"(?:\\.|[^"\\])*"|\([^()]*\)|\. /g)) {
    if (match[0] === ". ") return [text.slice(0, match.index + 1), text.slice(match.index + 2)];
  }
  return [text, ""];
}

/** A checker's process is the picture's client, its (410..412) is (410 to 412 ms); text in quotes stays as it is. */
export function inUnits(reason: string, clock: Clock): string {
  return reason.replace(
    /"(?:\\.|[^"\\])*"|\b[Pp]rocess(?= \d)|\((\d+)\.\.(\d+)?\)/g,
    (match, from?: string, to?: string) => {
      if (match === "process") return "client";
      if (match === "Process") return "Client";
      if (from === undefined) return match;
      return `(${clock.during(Number(from), to === undefined ? NEVER_RETURNED : Number(to))})`;
    },
  );
}

const MOST_FAULTS = 3;

function faultSentences(violation: Violation, faults: readonly Fault[], clock: Clock): string[] {
  const until = instantOf(violation);
  const since =
    violation.culprit?.call ?? violation.operations.reduce((first, { call }) => Math.min(first, call), until);
  const on = faults.filter(({ from, to }) => from <= until && to >= since);
  const sentences = on.slice(0, MOST_FAULTS).map((fault) => {
    const about = fault.about === undefined ? "" : ` (${brief(fault.about)})`;
    return `At that time ${article(brief(fault.name))}${about} was on, ${clock.during(fault.from, fault.to)}.`;
  });
  if (on.length > MOST_FAULTS) sentences.push(`So were ${on.length - MOST_FAULTS} more faults.`);
  return sentences;
}

function article(name: string): string {
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

function holds(level: string, history: History, strongest: string | undefined): string {
  const isProven = level === "linearizable" || level === "sequential";
  const found = isProven
    ? `there is an order that explains ${count(history)}`
    : `nothing in ${count(history)} speaks against it`;
  const more = strongest === undefined || strongest === level ? "" : ` Nor against anything up to ${strongest}.`;
  return `${capital(level)}: ${found}.${more}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "1,203 operations of 5 clients on 3 keys". */
export function count(history: History): string {
  const clients = new Set(history.map(({ process }) => process)).size;
  const keys = new Set(history.map(({ key }) => key)).size;
  const on = keys > 1 ? ` on ${thousands(keys)} keys` : "";
  return `${plural(history.length, "operation")} of ${plural(clients, "client")}${on}`;
}

export function plural(number: number, noun: string): string {
  return `${thousands(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function thousands(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
