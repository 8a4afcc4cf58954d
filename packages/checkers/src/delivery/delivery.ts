import { type History, malformed, type Operation } from "../history.ts";
import { tell } from "../sequential/tell.ts";
import { textOf } from "../values.ts";
import type { Verdict, Violation } from "../verdict.ts";
import { type Delivery, type MessageStory, readLog } from "./log.ts";
import { findReordered } from "./order.ts";

export interface DeliveryOptions {
  /** Queues that were read until nothing came any more, at the end; true for all. Elsewhere nothing counts as lost. */
  readonly drained?: boolean | readonly string[];
  /** False if the queue promises no order; true unless given. */
  readonly ordered?: boolean;
}

/** Messages, but for the first and the last lines' operations. */
export interface DeliverySummary {
  readonly publishes: number;
  readonly confirmed: number;
  readonly refused: number;
  readonly unknown: number;
  readonly deliveries: number;
  /** Deliveries of a message that had been delivered before. */
  readonly redeliveries: number;
  /** Of these, those that the broker did not mark. */
  readonly unmarkedRedeliveries: number;
  readonly acknowledged: number;
  /** Confirmed and never delivered, in drained queues. */
  readonly lost: number;
  /** The same elsewhere: nobody knows. */
  readonly outstanding: number;
  /** Delivered although no confirm had come. */
  readonly recovered: number;
  readonly duplicated: number;
  readonly unexpected: number;
  readonly reordered: number;
  readonly phantomAcknowledgements: number;
}

export interface DeliveryResult {
  readonly verdict: Verdict;
  readonly summary: DeliverySummary;
}

const MOST_OF_ONE_KIND = 3;

/**
 * Does a queue keep its word? From the log of its producers and consumers (its form: `log.ts`): every confirmed message is
 * delivered at least once, none that nobody published, none again after it was acknowledged, in order for each producer,
 * queue and consumer. A message may be delivered again until an acknowledgement was answered, and a publish without a
 * confirm may be there or not.
 */
export function checkDelivery(history: History, options: DeliveryOptions = {}): DeliveryResult {
  const stories = readLog(history);
  const lost = stories.filter(isMissing);
  const isDrained = ({ queue }: MessageStory): boolean =>
    options.drained === true || (Array.isArray(options.drained) && options.drained.includes(queue));
  const found = {
    "lost message": lost.filter(isDrained).map(explainLost),
    "unexpected message": stories.flatMap(unexpected),
    "duplicate delivery": stories.flatMap(duplicated),
    "phantom acknowledgement": stories.flatMap(phantoms),
    "reordered messages": options.ordered === false ? [] : findReordered(stories).map(explainReordered),
  };
  const summary: DeliverySummary = {
    ...count(stories),
    lost: found["lost message"].length,
    outstanding: lost.length - found["lost message"].length,
    duplicated: new Set(found["duplicate delivery"].map(({ key, culprit }) => `${key} ${nameOf(culprit)}`)).size,
    unexpected: found["unexpected message"].length,
    reordered: found["reordered messages"].length,
    phantomAcknowledgements: found["phantom acknowledgement"].length,
  };
  const problem = malformed(history);
  if (problem !== undefined) {
    return { verdict: { type: "unknown", reason: `The log cannot be judged: ${problem}.` }, summary };
  }
  const [first, ...others] = Object.values(found).flatMap((violations) => violations.slice(0, MOST_OF_ONE_KIND));
  return {
    verdict: first === undefined ? { type: "ok" } : { type: "illegal", violations: [first, ...others] },
    summary,
  };
}

function nameOf(operation: Operation | undefined): string {
  return textOf(operation?.output);
}

function count(stories: readonly MessageStory[]) {
  const publishes = stories.flatMap((story) => story.publishes);
  const again = stories.flatMap(({ deliveries }) => deliveries.slice(1));
  const withOutcome = (outcome: string): number => publishes.filter((publish) => publish.outcome === outcome).length;
  return {
    publishes: publishes.length,
    confirmed: withOutcome("ok"),
    refused: withOutcome("fail"),
    unknown: withOutcome("unknown"),
    deliveries: stories.reduce((sum, { deliveries }) => sum + deliveries.length, 0),
    redeliveries: again.length,
    unmarkedRedeliveries: again.filter(({ redelivered }) => !redelivered).length,
    acknowledged: stories.filter(({ acknowledgements }) => acknowledgements.some(({ outcome }) => outcome === "ok"))
      .length,
    recovered: stories.filter(
      ({ publishes: own, deliveries }) =>
        deliveries.length > 0 && own.length > 0 && own.every(({ outcome }) => outcome === "unknown"),
    ).length,
  };
}

function violation(anomaly: string, reason: string, culprit: Operation, others: readonly Operation[]): Violation {
  const operations = [...new Set([culprit, ...others])].sort((a, b) => a.call - b.call);
  return { anomaly, reason, operations, key: culprit.key, culprit };
}

function isMissing({ publishes, deliveries }: MessageStory): boolean {
  return deliveries.length === 0 && publishes.some(({ outcome }) => outcome === "ok");
}

function explainLost({ publishes }: MessageStory): Violation {
  const publish = publishes.find(({ outcome }) => outcome === "ok") as Operation;
  const reason = `${tell(publish)} was confirmed, and nobody got the message although the queue was drained.`;
  return violation("lost message", reason, publish, []);
}

function unexpected({ publishes, deliveries }: MessageStory): Violation[] {
  const [first] = deliveries;
  if (first === undefined) return [];
  const possible = publishes.filter(({ outcome }) => outcome !== "fail");
  if (possible.some(({ call }) => call <= first.operation.return)) return [];
  const [refused] = publishes;
  const why =
    refused === undefined
      ? "nobody published it"
      : possible.length === 0
        ? `${tell(refused)} was refused`
        : `${tell(possible[0]!)} came later`;
  const reason = `${tell(first.operation)} got a message, but ${why}.`;
  return [violation("unexpected message", reason, first.operation, publishes.slice(0, 1))];
}

/** Delivered again after an acknowledgement had been answered; each copy that was published may be acknowledged once. */
function duplicated({ publishes, deliveries, acknowledgements }: MessageStory): Violation[] {
  if (publishes.length > 1) return [];
  const done = acknowledgements.filter(({ outcome }) => outcome === "ok").sort((a, b) => a.return - b.return)[0];
  if (done === undefined) return [];
  const taken = deliveries.find(({ operation }) => operation.process === done.process && operation.call <= done.return);
  if (taken === undefined) return [];
  const again = deliveries.filter(({ operation }) => operation.call > done.return);
  return again.map(({ operation }) => {
    const reason = `${tell(operation)} got the message again although ${tell(done)} had been answered.`;
    return violation("duplicate delivery", reason, operation, [...publishes, taken.operation, done]);
  });
}

/** An acknowledgement that the broker took of what that consumer had not been given. */
function phantoms({ deliveries, acknowledgements }: MessageStory): Violation[] {
  return acknowledgements
    .filter(({ outcome }) => outcome === "ok")
    .filter((ack) => !deliveries.some((delivery) => isGiven(delivery, ack)))
    .map((ack) => {
      const others = deliveries.slice(0, 1).map(({ operation }) => operation);
      const told = others.map((operation) => `; the first to get it was ${tell(operation)}`).join("");
      const reason = `${tell(ack)} was taken, but the message had not been delivered to process ${ack.process}${told}.`;
      return violation("phantom acknowledgement", reason, ack, others);
    });
}

function isGiven({ operation }: Delivery, ack: Operation): boolean {
  return operation.process === ack.process && operation.call <= ack.return;
}

function explainReordered({ earlier, later }: { earlier: MessageStory; later: MessageStory }): Violation {
  const [first, second] = [earlier.publishes[0] as Operation, later.publishes[0] as Operation];
  const [late, early] = [earlier.deliveries[0]!.operation, later.deliveries[0]!.operation];
  const reason = `${tell(first)} came before ${tell(second)}, but ${tell(early)} before ${tell(late)}.`;
  return violation("reordered messages", reason, late, [first, second, early]);
}
