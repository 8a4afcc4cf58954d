import type { History, Operation } from "../history.ts";
import { textOf } from "../values.ts";

/** A delivery of one message to one consumer. */
export interface Delivery {
  readonly operation: Operation;
  readonly message: string;
  /** The broker said that it may have been delivered before. */
  readonly redelivered: boolean;
}

/** What a log says of one message in one queue. Publishes of equal text are one message, published several times. */
export interface MessageStory {
  readonly queue: string;
  readonly message: string;
  readonly publishes: readonly Operation[];
  /** In order of time. */
  readonly deliveries: readonly Delivery[];
  readonly acknowledgements: readonly Operation[];
}

const PUBLISHES: ReadonlySet<string> = new Set(["publish", "enqueue", "send"]);
const DELIVERS: ReadonlySet<string> = new Set(["deliver", "dequeue", "get"]);

/**
 * Reads a log of a broker's clients, kept as a history; the operation's key is the queue, its process the client.
 *
 * - `publish` (or enqueue, send): input the message; "ok" once confirmed, "fail" if refused, "unknown" if no confirm came.
 * - `deliver` (or dequeue, get): output the message, or `{message, redelivered}`; null if there was none. Pushed messages
 *   have equal call and return.
 * - `ack`: input the message; "ok" if the broker took it.
 */
export function readLog(history: History): MessageStory[] {
  const stories = new Map<string, Draft>();
  const storyOf = (queue: string, message: string): Draft => {
    const id = JSON.stringify([queue, message]);
    const story = stories.get(id) ?? { queue, message, publishes: [], deliveries: [], acknowledgements: [] };
    stories.set(id, story);
    return story;
  };
  const inOrder = [...history].sort((a, b) => a.call - b.call);
  for (const operation of inOrder) {
    const { f, key, input, outcome, output } = operation;
    if (PUBLISHES.has(f)) storyOf(key, textOf(input)).publishes.push(operation);
    else if (f === "ack" && outcome !== "fail") storyOf(key, textOf(input)).acknowledgements.push(operation);
    if (!DELIVERS.has(f) || outcome !== "ok" || output === null || output === undefined) continue;
    const { message, redelivered } = envelope(output);
    const delivery = { operation, message: textOf(message), redelivered };
    storyOf(key, delivery.message).deliveries.push(delivery);
  }
  return [...stories.values()];
}

interface Draft extends MessageStory {
  readonly publishes: Operation[];
  readonly deliveries: Delivery[];
  readonly acknowledgements: Operation[];
}

function envelope(output: unknown): { message: unknown; redelivered: boolean } {
  if (typeof output !== "object" || output === null || !("message" in output)) {
    return { message: output, redelivered: false };
  }
  return { message: output.message, redelivered: (output as { redelivered?: unknown }).redelivered === true };
}
