import { type Clock, createClock } from "./clock.ts";
import { brief } from "./escape.ts";
import type { Excerpt } from "./excerpt.ts";
import { capital, count, explainViolation, headline, thousands } from "./explain.ts";
import type { PictureInput } from "./input.ts";

/**
 * All that is said beside a picture: the verdict first, then why, then what is not drawn.
 * @param drawn whether a cycle's edges are told beside this
 */
export function sentencesOf(
  input: PictureInput,
  clock: Clock = clockOf(input),
  part?: Excerpt,
  drawn = false,
): string[] {
  const { verdict, history, faults = [] } = input;
  const after = [...(part === undefined ? [] : cutNote(part)), ...(clock.note === undefined ? [] : [clock.note])];
  if (verdict.type !== "illegal") return [headline(input), ...after];
  const [violation, ...others] = verdict.violations;
  const [first, ...why] = explainViolation(violation, history, faults, clock, drawn);
  const ruledOut =
    verdict.not === undefined || verdict.not.length === 0 ? [] : [`Ruled out: ${verdict.not.join(", ")}.`];
  const more = others.length === 0 ? [] : [`${thousands(others.length)} more found in ${count(history)}.`];
  return [named(violation.anomaly, first ?? ""), ...why, ...ruledOut, ...more, ...after];
}

function clockOf({ history, unit, faults }: PictureInput): Clock {
  return createClock(history, unit ?? "unknown", faults);
}

/** Says that not everything is drawn. */
export function cutNote({ operations, of }: Excerpt): string[] {
  if (operations.length === of) return [];
  return [`Drawn are ${thousands(operations.length)} of ${thousands(of)} operations: those nearest in time.`];
}

/** With the field's term before it, unless it begins with that itself. */
export function named(anomaly: string, sentence: string): string {
  const term = capital(brief(anomaly));
  return sentence.toLowerCase().startsWith(term.toLowerCase())
    ? sentence
    : `${term}: ${sentence.replace(/^Client\b/, "client")}`;
}
