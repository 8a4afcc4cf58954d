import { type Decision, decide } from "./decide.ts";
import { type History, NEVER_RETURNED, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import type { SearchLimits } from "./search.ts";

export interface ShortestPart {
  /** By call; with those that explain what the others were told before the culprit. */
  readonly operations: History;
  /** Up to its answer there was an order. */
  readonly culprit: Operation;
}

/**
 * The shortest part of an impossible history that is impossible by itself, whatever the rest of it may have been.
 *
 * Leaving out what had an effect would prove nothing: without the write, its read is a riddle. So operations are not left
 * out but forgotten: their answers, and when they came. What is forgotten may have happened at any time after its call, or
 * never. If there is no order all the same, the operations that were not forgotten are enough of a proof.
 *
 * @param history impossible; of one partition, without failed operations and unanswered reads.
 */
export function shortestPart<State>(history: History, model: Model<State>, limits: SearchLimits): ShortestPart {
  const trial = boundedTrials(model, limits);
  const isImpossible = (part: History): boolean => trial(part) === "illegal";
  const cut = firstImpossible(history, model, isImpossible);
  const kept = forgetWhatCanBe(cut, model, isImpossible);
  const core = new Set(kept);
  const culprit = kept.reduce(
    (last, operation) => (operation.return > last.return ? operation : last),
    kept[0] as Operation,
  );
  const rest = cut.filter((operation) => !core.has(operation));
  const helpers = helpersOf(kept, culprit, rest, model, trial);
  return { operations: [...kept, ...helpers].map(whole).sort((a, b) => a.call - b.call), culprit };
}

type Trial = (part: History) => Decision["type"];

/** Operations looked at in all trials together, and questions for the limits of a search, one for each few thousand steps. */
const MAX_OPERATIONS = 3_000_000;
const MAX_QUESTIONS = 300;

/** To be short is worth some time, but not all of it: once it is spent every trial gives up. */
function boundedTrials<State>(model: Model<State>, limits: SearchLimits): Trial {
  let operations = 0;
  let questions = 0;
  const isOver = (): boolean => ++questions > MAX_QUESTIONS || (limits.isOver?.() ?? false);
  return (part) => {
    operations += part.length;
    if (operations > MAX_OPERATIONS || questions > MAX_QUESTIONS) return "gaveUp";
    return decide(part, model, { ...limits, isOver }).type;
  };
}

/** Cuts the history at the first return by which it is impossible. What was under way then has no answer yet. */
function firstImpossible<State>(
  history: History,
  model: Model<State>,
  isImpossible: (part: History) => boolean,
): History {
  const returns = history.filter(({ outcome }) => outcome === "ok").map((operation) => operation.return);
  returns.sort((a, b) => a - b);
  let [low, high] = [0, returns.length - 1];
  let shortest = history;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const cut = cutAt(history, returns[middle] as number, model);
    if (isImpossible(cut)) {
      high = middle;
      shortest = cut;
    } else low = middle + 1;
  }
  return shortest;
}

function cutAt<State>(history: History, time: number, model: Model<State>): History {
  const part: Operation[] = [];
  for (const operation of history) {
    if (operation.call > time) continue;
    if (operation.return <= time) part.push(operation);
    else part.push(...forgotten(operation, model));
  }
  return part;
}

/** Nothing, if it was a read: one without an answer says nothing. */
function forgotten<State>(operation: Operation, model: Model<State>): Forgotten[] {
  if (operation.outcome !== "ok") return [operation];
  const unknown: Forgotten = {
    ...operation,
    output: undefined,
    return: NEVER_RETURNED,
    outcome: "unknown",
    original: operation,
  };
  return model.isRead(unknown) ? [] : [unknown];
}

/** An operation, and what was known of it before it was forgotten. */
interface Forgotten extends Operation {
  readonly original?: Operation;
}

/** With all that was known of it: that can only leave fewer orders. */
function whole(operation: Forgotten): Operation {
  return operation.original === undefined ? operation : whole(operation.original);
}

/** @returns those that are needed as they are: all others may be forgotten. */
function forgetWhatCanBe<State>(
  history: History,
  model: Model<State>,
  isImpossible: (part: History) => boolean,
): Operation[] {
  const unanswered = history.filter(({ outcome }) => outcome !== "ok");
  const answered = history.filter(({ outcome }) => outcome === "ok");
  const forgot: Operation[] = [];
  return thinOut(answered, (left, out) => {
    const run = out.flatMap((operation) => forgotten(operation, model));
    if (!isImpossible([...left, ...unanswered, ...forgot, ...run])) return false;
    forgot.push(...run);
    return true;
  });
}

/** Takes out ever smaller runs, as Zeller's delta debugging does. @param may asks whether `left` is enough without `out`. */
function thinOut<Item>(items: readonly Item[], may: (left: readonly Item[], out: readonly Item[]) => boolean): Item[] {
  let left = [...items];
  for (let size = Math.max(1, left.length >>> 1); size > 0; size >>>= 1) {
    for (let from = 0; from < left.length; ) {
      const without = left.toSpliced(from, size);
      if (may(without, left.slice(from, from + size))) left = without;
      else from += size;
    }
  }
  return left;
}

/** Who explains what was answered before the culprit: the operations of the rest that an order without its answer needs. */
function helpersOf<State>(
  core: readonly Operation[],
  culprit: Operation,
  rest: readonly Operation[],
  model: Model<State>,
  trial: Trial,
): Operation[] {
  const answered = core.filter((operation) => operation !== culprit);
  const free: Forgotten[] = rest.flatMap((operation) => forgotten(operation, model));
  // The culprit may have had an effect, whatever it answered.
  const effect = forgotten(culprit, model);
  const explains = (helpers: readonly Operation[]): boolean => trial([...answered, ...effect, ...helpers]) === "ok";
  return explains(free) ? thinOut(free, explains) : free;
}
