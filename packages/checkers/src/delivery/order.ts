import type { Operation } from "../history.ts";
import type { MessageStory } from "./log.ts";

/** Two messages that a consumer got in the other order than their producer had published them. */
export interface Reordering {
  readonly earlier: MessageStory;
  readonly later: MessageStory;
}

/**
 * Of each stream (a producer, a queue, a consumer): messages delivered once and for the first time come in the order of
 * publishing. Left out are messages that were published twice, redelivered, or whose publish was never confirmed: when
 * those reached the queue cannot be known.
 */
export function findReordered(stories: readonly MessageStory[]): Reordering[] {
  const streams = new Map<string, MessageStory[]>();
  for (const story of stories) {
    const publish = onlyOne(story.publishes);
    const delivery = onlyOne(story.deliveries);
    if (publish?.outcome !== "ok" || delivery === undefined || delivery.redelivered) continue;
    const name = JSON.stringify([publish.process, story.queue, delivery.operation.process]);
    const stream = streams.get(name);
    if (stream === undefined) streams.set(name, [story]);
    else stream.push(story);
  }
  return [...streams.values()].flatMap(inversions);
}

function onlyOne<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

/** Each message that came after one that had been published later, with the earliest such. */
function inversions(stream: readonly MessageStory[]): Reordering[] {
  const found: Reordering[] = [];
  const byPublish = [...stream].sort((a, b) => publishOf(b).call - publishOf(a).call);
  let earliest: MessageStory | undefined;
  // Of messages published at the same time nobody knows which was first.
  for (let from = 0, to = 0; from < byPublish.length; from = to) {
    while (to < byPublish.length && publishOf(byPublish[to]!).call === publishOf(byPublish[from]!).call) to += 1;
    const together = byPublish.slice(from, to);
    for (const story of together) {
      if (earliest !== undefined && isBefore(earliest, story)) found.push({ earlier: story, later: earliest });
    }
    for (const story of together) if (earliest === undefined || endOf(story) < endOf(earliest)) earliest = story;
  }
  return found.reverse();
}

function endOf(story: MessageStory): number {
  return deliveryOf(story).return;
}

function publishOf({ publishes }: MessageStory): Operation {
  return publishes[0] as Operation;
}

function deliveryOf({ deliveries }: MessageStory): Operation {
  return deliveries[0]!.operation;
}

/** Certainly delivered before, not only perhaps. */
function isBefore(a: MessageStory, b: MessageStory): boolean {
  return deliveryOf(a).return < deliveryOf(b).call;
}
