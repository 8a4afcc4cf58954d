import { errorAt } from "./history-error.ts";
import type { HistoryEvent, TimeUnit } from "./history-file.ts";

/**
 * A time for each event, never falling, and later than any completion for the invocations that come after it in the file:
 * the file's order is what happened, and times may be too coarse to show it. Places in the file where there are no times.
 */
export function eventTimes(events: readonly HistoryEvent[], text: string): { times: number[]; unit: TimeUnit } {
  const clients = events.filter(({ process }) => typeof process === "number");
  if (clients.length === 0 || clients.some(({ time }) => time === undefined)) {
    return { times: events.map((_, index) => index), unit: "unknown" };
  }
  const start = base(clients);
  const times: number[] = [];
  let now = 0;
  let completed = -1;
  for (const event of events) {
    now = Math.max(now, sinceStart(event, start, text) ?? now);
    if (event.type === "invoke" && completed === now) now += 1;
    if (event.type !== "invoke" && typeof event.process === "number") completed = now;
    times.push(now);
  }
  return { times, unit: "ns" };
}

/** Times since 1970 in nanoseconds are too large for a double: then they are counted from the first. */
function base(clients: readonly HistoryEvent[]): bigint {
  if (clients.every(({ time }) => typeof time === "number")) return 0n;
  return earliest(clients.map(({ time }) => BigInt(time ?? 0)));
}

function sinceStart(event: HistoryEvent, start: bigint, text: string): number | undefined {
  if (event.time === undefined) return undefined;
  if (start === 0n && typeof event.time === "number") return event.time;
  const time = Number(BigInt(event.time) - start);
  if (Number.isSafeInteger(time)) return time;
  const problem = "the times of this history are too far apart to count";
  throw errorAt(text, event.at, "bad-time", problem, "Give times in a coarser unit, all from one clock.");
}

export function earliest(times: readonly bigint[]): bigint {
  let least = times[0] ?? 0n;
  for (const time of times) if (time < least) least = time;
  return least;
}
