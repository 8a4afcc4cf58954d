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

/**
 * If all elements differ, each is enqueued before it is dequeued, and in the order in which the dequeues had to happen:
 * those of which one returned before the other was called.
 */
function precedence(history: History): [number, number][] {
  const enqueued = new Map<string, number>();
  for (const [place, { f, input }] of history.entries()) {
    if (f !== "enqueue") continue;
    if (input === null || enqueued.has(textOf(input))) return [];
    enqueued.set(textOf(input), place);
  }
  const taken: { operation: Operation; enqueue: number }[] = [];
  const edges: [number, number][] = [];
  for (const [place, operation] of history.entries()) {
    if (operation.f !== "dequeue" || operation.outcome !== "ok") continue;
    const enqueue = enqueued.get(textOf(operation.output));
    if (enqueue === undefined) continue;
    taken.push({ operation, enqueue });
    edges.push([enqueue, place]);
  }
  return [...edges, ...inOrderOfTime(taken)];
}

/** Of all pairs in order only those with nothing in between: the others follow from them. */
function inOrderOfTime(taken: { operation: Operation; enqueue: number }[]): [number, number][] {
  const byCall = [...taken].sort((a, b) => a.operation.call - b.operation.call);
  const byReturn = [...taken].sort((a, b) => a.operation.return - b.operation.return);
  const edges: [number, number][] = [];
  let returned = 0;
  let latestCall = Number.NEGATIVE_INFINITY;
  let recent: typeof taken = [];
  for (const later of byCall) {
    for (; returned < byReturn.length; returned += 1) {
      const earlier = byReturn[returned] as (typeof taken)[number];
      if (earlier.operation.return >= later.operation.call) break;
      latestCall = Math.max(latestCall, earlier.operation.call);
      recent.push(earlier);
    }
    recent = recent.filter(({ operation }) => operation.return >= latestCall);
    for (const earlier of recent) edges.push([earlier.enqueue, later.enqueue]);
  }
  return edges;
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
