import { decide } from "./decide.ts";
import { type History, NEVER_RETURNED, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { type SearchLimits, search } from "./search.ts";

/**
 * The shortest part of an impossible history that is impossible by itself, whatever the rest of it may have been.
 *
 * Leaving out what had an effect would prove nothing: without the write, its read is a riddle. So operations are not left
 * out but forgotten: their answers, and when they came. What is forgotten may have happened at any time after its call, or
 * never. If there is no order all the same, the operations that were not forgotten are enough of a proof.
 *
 * @param history impossible; of one partition, without failed operations and unanswered reads.
 * @returns by call, with those of the rest that explain what came before the last of them.
 */
export function shortestPart<State>(history: History, model: Model<State>, limits: SearchLimits): History {
  const isImpossible = (part: History): boolean => decide(part, model, limits).type === "illegal";
  const cut = firstImpossible(history, model, isImpossible);
  const kept = forgetWhatCanBe(cut, model, isImpossible);
  const core = new Set(kept);
  const culprit = kept.reduce(
    (last, operation) => (operation.return > last.return ? operation : last),
    kept[0] as Operation,
  );
  const rest = cut.filter((operation) => !core.has(operation));
  const helpers = helpersOf(kept, culprit, rest, model, limits);
  return [...kept, ...helpers].map(whole).sort((a, b) => a.call - b.call);
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

/** Forgets ever smaller runs of operations, as Zeller's delta debugging does. @returns those that are needed. */
function forgetWhatCanBe<State>(
  history: History,
  model: Model<State>,
  isImpossible: (part: History) => boolean,
): Operation[] {
  let needed = history.filter(({ outcome }) => outcome === "ok");
  const unanswered = history.filter(({ outcome }) => outcome !== "ok");
  const forgot: Operation[] = [];
  for (let size = needed.length >>> 1; size > 0; size >>>= 1) {
    for (let from = 0; from < needed.length; ) {
      const without = needed.toSpliced(from, size);
      const run = needed.slice(from, from + size).flatMap((operation) => forgotten(operation, model));
      if (isImpossible([...without, ...unanswered, ...forgot, ...run])) {
        needed = without;
        forgot.push(...run);
      } else from += size;
    }
  }
  return needed;
}

/** Who explains what was answered before the culprit: the operations of the rest that an order without its answer needs. */
function helpersOf<State>(
  core: readonly Operation[],
  culprit: Operation,
  rest: readonly Operation[],
  model: Model<State>,
  limits: SearchLimits,
): Operation[] {
  const free = [culprit, ...rest].flatMap((operation) => forgotten(operation, model));
  const answered = core.filter((operation) => operation !== culprit);
  const explained = search([...answered, ...free], model, limits);
  if (explained.type !== "found") return [];
  const taken = new Set<Operation>(explained.order);
  return free.filter((operation) => taken.has(operation) && operation.original !== culprit);
}
