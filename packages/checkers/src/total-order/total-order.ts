import { Graph } from "../causal/graph.ts";
import { type History, malformed, type Operation } from "../history.ts";
import { tell } from "../sequential/tell.ts";
import type { Verdict, Violation, ViolationEdge } from "../verdict.ts";
import { deliveryOf, messageOf, type Receiver, receiversOf } from "./deliveries.ts";

export interface TotalOrderOptions {
  /**
   * True if all was quiet at the end and every message has arrived that ever will: then agreement and validity are judged,
   * for `correct` processes.
   */
  readonly complete?: boolean;
  /** Processes that did not crash; all that broadcast or delivered anything, unless given. */
  readonly correct?: readonly number[];
}

const MOST_OF_ONE_KIND = 3;

/**
 * Total order broadcast, also known as atomic broadcast (Hadzilacos and Toueg 1994; Défago, Schiper and Urbán 2004), from a
 * history with f "broadcast" (input: the message; messages are unique) and f "deliver" (output: the message; the process is
 * the receiver; call is when it was delivered):
 *
 * - integrity: nobody delivers a message twice ("duplicate delivery"), or one that nobody broadcast ("created message");
 * - total order: no two processes deliver the same messages in different orders, nor any number of them in a circle;
 * - no gaps: who delivers a message has delivered all that others did before it;
 * - and of a complete history, agreement (all correct processes deliver the same messages) and validity (a correct process
 *   delivers its own).
 */
export function checkTotalOrder(history: History, options: TotalOrderOptions = {}): Verdict {
  const problem = malformed(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };
  const receivers = receiversOf(history);
  const disorder = outOfOrder(receivers);
  const kinds: Violation[][] = [receivers.flatMap(duplicates), created(history, receivers), disorder];
  if (disorder.length === 0) kinds.push(gaps(receivers));
  if (options.complete) kinds.push(agreement(history, receivers, options), validity(history, receivers, options));
  const [first, ...others] = kinds.flatMap((violations) => violations.slice(0, MOST_OF_ONE_KIND));
  return first === undefined ? { type: "ok" } : { type: "illegal", violations: [first, ...others] };
}

function violation(anomaly: string, reason: string, culprit: Operation, others: readonly Operation[]): Violation {
  const operations = [...new Set([culprit, ...others])].sort((a, b) => a.call - b.call);
  return { anomaly, reason, operations, culprit };
}

function duplicates({ deliveries, places }: Receiver): Violation[] {
  return [...deliveries.entries()]
    .filter(([place, delivery]) => places.get(messageOf(delivery)) !== place)
    .map(([, again]) => {
      const first = deliveries[places.get(messageOf(again)) as number] as Operation;
      const reason = `${tell(again)} had been delivered there before: ${tell(first)}.`;
      return violation("duplicate delivery", reason, again, [first]);
    });
}

function created(history: History, receivers: readonly Receiver[]): Violation[] {
  const broadcasts = new Map<string, Operation>();
  for (const operation of history) {
    if (operation.f !== "broadcast" || operation.outcome === "fail") continue;
    const other = broadcasts.get(messageOf(operation));
    if (other === undefined || operation.call < other.call) broadcasts.set(messageOf(operation), operation);
  }
  const firsts = receivers.flatMap((receiver) =>
    [...receiver.places.keys()].map((message) => deliveryOf(receiver, message)),
  );
  return firsts.flatMap((delivery) => {
    const broadcast = broadcasts.get(messageOf(delivery));
    if (broadcast !== undefined && broadcast.call <= delivery.return) return [];
    const why = broadcast === undefined ? "nobody broadcast that" : `${tell(broadcast)} came later`;
    return [violation("created message", `${tell(delivery)}, but ${why}.`, delivery, broadcast ? [broadcast] : [])];
  });
}

/** A shortest circle of messages, each delivered before the next by somebody; two messages, if two processes disagree. */
function outOfOrder(receivers: readonly Receiver[]): Violation[] {
  const numbers = new Map<string, number>();
  for (const { places } of receivers)
    for (const message of places.keys()) if (!numbers.has(message)) numbers.set(message, numbers.size);
  const graph = new Graph(numbers.size, []);
  const witnesses = new Map<string, Receiver>();
  for (const receiver of receivers) {
    const inOrder = [...receiver.places.keys()].map((message) => numbers.get(message) as number);
    for (let at = 1; at < inOrder.length; at += 1) {
      const [from, to] = [inOrder[at - 1]!, inOrder[at]!];
      if (witnesses.has(`${from} ${to}`)) continue;
      witnesses.set(`${from} ${to}`, receiver);
      graph.add({ from, to, kind: "hb", round: 0 });
    }
  }
  const sorted = graph.sorted();
  if (sorted.length === graph.size) return [];
  const names = [...numbers.keys()];
  const steps = graph.cycle(sorted).map(({ from, to }): Step => {
    return { receiver: witnesses.get(`${from} ${to}`) as Receiver, from: names[from]!, to: names[to]! };
  });
  return [explainCircle(joined(steps))];
}

interface Step {
  readonly receiver: Receiver;
  readonly from: string;
  readonly to: string;
}

/** Steps of the same receiver one after the other are one. */
function joined(steps: readonly Step[]): Step[] {
  const turn = steps.findIndex((step, at) => step.receiver !== steps.at(at - 1)!.receiver);
  const short: Step[] = [];
  for (const step of [...steps.slice(Math.max(turn, 0)), ...steps.slice(0, Math.max(turn, 0))]) {
    const last = short.at(-1);
    if (last?.receiver === step.receiver) short[short.length - 1] = { ...last, to: step.to };
    else short.push(step);
  }
  return short;
}

function explainCircle(steps: readonly Step[]): Violation {
  const pairs = steps.map(({ receiver, from, to }) => [deliveryOf(receiver, from), deliveryOf(receiver, to)] as const);
  const operations = [...new Set(pairs.flat())].sort((a, b) => a.call - b.call);
  const edges = pairs.map(([a, b]): ViolationEdge => {
    const because = `process ${a.process} delivered ${messageOf(a)} (${a.call}) before ${messageOf(b)} (${b.call})`;
    return { from: operations.indexOf(a), to: operations.indexOf(b), kind: "delivery", because };
  });
  const reason = `No one order suits all: ${edges.map(({ because }) => because).join(", and ")}.`;
  return { anomaly: "total order", reason, operations, edges };
}

/** Pairs of receivers of which one skipped what the other delivered; only where there is one order for all. */
function gaps(receivers: readonly Receiver[]): Violation[] {
  const found: Violation[] = [];
  for (const [place, whole] of receivers.entries()) {
    for (const other of receivers) {
      const gap = whole === other ? undefined : firstGap(whole, other);
      if (gap === undefined) continue;
      const [missing, behind] = gap;
      const [at, after] = [deliveryOf(whole, missing), deliveryOf(whole, behind)];
      const late = deliveryOf(other, behind);
      const reason = `Process ${other.process} delivered ${behind} (${late.call}) without ${missing}, which process ${whole.process} had delivered before it (${at.call} and ${after.call}).`;
      found.push(violation("gap", reason, late, [at, after]));
    }
    if (found.length === 0) found.push(...receivers.slice(place + 1).flatMap((other) => branches(whole, other)));
  }
  return found;
}

/** Each has delivered what the other has not: whichever message comes first, one of the two has left it out. */
function branches(a: Receiver, b: Receiver): Violation[] {
  const [onlyA, onlyB] = [lackedBy(b, a), lackedBy(a, b)];
  if (onlyA === undefined || onlyB === undefined) return [];
  const [one, other] = [deliveryOf(a, onlyA), deliveryOf(b, onlyB)];
  const reason = `Process ${a.process} delivered ${onlyA} (${one.call}) without ${onlyB}, and process ${b.process} ${onlyB} (${other.call}) without ${onlyA}: one of them has left out what comes first.`;
  return [violation("gap", reason, other, [one])];
}

function lackedBy(other: Receiver, whole: Receiver): string | undefined {
  return [...whole.places.keys()].find((message) => !other.places.has(message));
}

/** @returns a message that `other` never delivered, and one that `whole` delivered behind it and `other` did, too. */
function firstGap(whole: Receiver, other: Receiver): [missing: string, behind: string] | undefined {
  let missing: string | undefined;
  for (const message of whole.places.keys()) {
    if (!other.places.has(message)) missing ??= message;
    else if (missing !== undefined) return [missing, message];
  }
  return undefined;
}

function correctOf(history: History, { correct }: TotalOrderOptions): readonly number[] {
  return correct ?? [...new Set(history.map(({ process }) => process))];
}

/** What any process delivered (uniform agreement), every correct one did. */
function agreement(history: History, receivers: readonly Receiver[], options: TotalOrderOptions): Violation[] {
  const found: Violation[] = [];
  const all = new Map<string, Operation>();
  for (const receiver of receivers) {
    for (const message of receiver.places.keys())
      if (!all.has(message)) all.set(message, deliveryOf(receiver, message));
  }
  for (const process of correctOf(history, options)) {
    const own = receivers.find((receiver) => receiver.process === process)?.places;
    const missing = [...all.keys()].find((message) => !own?.has(message));
    if (missing === undefined) continue;
    const delivery = all.get(missing) as Operation;
    const reason = `${tell(delivery)}, but process ${process} never delivered it.`;
    found.push(violation("agreement", reason, delivery, []));
  }
  return found;
}

/** An own message that was taken ("ok") is delivered by a correct process. */
function validity(history: History, receivers: readonly Receiver[], options: TotalOrderOptions): Violation[] {
  const correct = new Set(correctOf(history, options));
  return history
    .filter(({ f, outcome, process }) => f === "broadcast" && outcome === "ok" && correct.has(process))
    .filter((broadcast) => {
      const own = receivers.find(({ process }) => process === broadcast.process);
      return own?.places.has(messageOf(broadcast)) !== true;
    })
    .map((broadcast) => {
      const reason = `${tell(broadcast)} was taken, but process ${broadcast.process} itself never delivered it.`;
      return violation("validity", reason, broadcast, []);
    });
}
