import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { hashText, sameValue, shown, textOf } from "../values.ts";

type QueueState = readonly unknown[];

/**
 * A first-in, first-out queue.
 *
 * - `enqueue`: input the element; the output does not matter.
 * - `dequeue`: output the element that was taken out; null says that there was none.
 * - `peek`: output the element that would be next, null if there is none.
 */
export function queue(): Model<QueueState> {
  return {
    initial: [],
    step(state, { f, input, output, outcome }) {
      const answered = outcome === "ok";
      const next = state.length === 0 ? null : state[0];
      switch (f) {
        case "enqueue":
          return [...state, input];
        case "dequeue":
          return !answered || sameValue(output, next) ? state.slice(1) : undefined;
        case "peek":
          return !answered || sameValue(output, next) ? state : undefined;
        default:
          return undefined;
      }
    },
    equal: sameValue,
    hash: (state) => hashText(textOf(state)),
    isRead: ({ f, outcome, output }) => f === "peek" || (f === "dequeue" && outcome === "ok" && output === null),
    precedence,
    describe: describeQueue,
    describeState: (state) => (state.length === 0 ? "empty" : shown(state)),
    subject: "the queue",
  };
}

/** An element that was both put in and taken out: the places of the two in the history, and when they were. */
interface Passage {
  readonly enqueue: number;
  readonly dequeue: number;
  readonly in: Operation;
  readonly out: Operation;
}

/**
 * If all elements differ, each is enqueued before it is dequeued. And they pass in one order: if one was enqueued before
 * another for certain, because it returned before the other was called, it is dequeued before it, too, and the other way round.
 */
function precedence(history: History): [number, number][] {
  const enqueued = new Map<string, number>();
  for (const [place, { f, input }] of history.entries()) {
    if (f !== "enqueue") continue;
    if (input === null || enqueued.has(textOf(input))) return [];
    enqueued.set(textOf(input), place);
  }
  const passages: Passage[] = [];
  for (const [dequeue, operation] of history.entries()) {
    if (operation.f !== "dequeue" || operation.outcome !== "ok") continue;
    const enqueue = enqueued.get(textOf(operation.output));
    if (enqueue !== undefined) passages.push({ enqueue, dequeue, in: history[enqueue] as Operation, out: operation });
  }
  return [
    ...passages.map(({ enqueue, dequeue }): [number, number] => [enqueue, dequeue]),
    ...inOrderOfTime(passages, "in").map(([a, b]): [number, number] => [a.dequeue, b.dequeue]),
    ...inOrderOfTime(passages, "out").map(([a, b]): [number, number] => [a.enqueue, b.enqueue]),
    ...beforeWhatIsLeft(history, passages),
  ];
}

/** What nobody took out, not even perhaps, was enqueued after all that was; told only where time leaves it open. */
function beforeWhatIsLeft(history: History, passages: readonly Passage[]): [number, number][] {
  if (history.some(({ f, outcome }) => f === "dequeue" && outcome !== "ok")) return [];
  const taken = new Set(passages.map(({ enqueue }) => enqueue));
  const byReturn = [...passages].sort((a, b) => b.in.return - a.in.return);
  const edges: [number, number][] = [];
  for (const [place, { f, call, return: end }] of history.entries()) {
    if (f !== "enqueue" || taken.has(place)) continue;
    for (const passage of byReturn) {
      if (passage.in.return < call) break;
      if (passage.in.call <= end) edges.push([passage.enqueue, place]);
    }
  }
  return edges;
}

/** Of all pairs in order only those with nothing in between: the others follow from them. */
function inOrderOfTime(passages: readonly Passage[], side: "in" | "out"): [Passage, Passage][] {
  const byCall = [...passages].sort((a, b) => a[side].call - b[side].call);
  const byReturn = [...passages].sort((a, b) => a[side].return - b[side].return);
  const pairs: [Passage, Passage][] = [];
  let returned = 0;
  let latestCall = Number.NEGATIVE_INFINITY;
  let recent: Passage[] = [];
  for (const later of byCall) {
    for (; returned < byReturn.length; returned += 1) {
      const earlier = byReturn[returned] as Passage;
      if (earlier[side].return >= later[side].call) break;
      latestCall = Math.max(latestCall, earlier[side].call);
      recent.push(earlier);
    }
    recent = recent.filter((earlier) => earlier[side].return >= latestCall);
    for (const earlier of recent) pairs.push([earlier, later]);
  }
  return pairs;
}

export function describeQueue({ f, input, output, outcome }: Operation): string {
  const answered = outcome === "ok";
  switch (f) {
    case "dequeue":
      if (!answered) return "asked to dequeue";
      return output === null ? "found nothing to dequeue" : `dequeued ${shown(output)}`;
    case "peek":
      return answered ? `saw ${shown(output)} as the next` : "asked for the next";
    default:
      return `${answered ? "enqueued" : "asked to enqueue"} ${shown(input)}`;
  }
}
