import { NEVER_RETURNED, type Operation } from "../history.ts";
import { eventTimes } from "./event-times.ts";
import { faultsOf } from "./faults.ts";
import { errorAt, type HistoryError } from "./history-error.ts";
import type { HistoryEvent, HistoryFile } from "./history-file.ts";
import { asksOnTuples, inputOf, keyOf, outputOf } from "./operation-values.ts";
import { suggestedModel } from "./suggested-model.ts";

export interface PairingOptions {
  readonly maxOperations: number;
  /** Values are pairs of key and value (Jepsen's `independent`); by default if all of them look so. */
  readonly independent?: boolean;
}

/** Of one operation: its invocation, and its completion once it is there. */
interface Pair {
  readonly invoke: HistoryEvent;
  readonly call: number;
  completion: HistoryEvent | undefined;
  return: number;
}

/**
 * Makes operations of Jepsen's events: `ok` answered, `fail` had no effect, `info` or nothing at all: unknown. Whatever a
 * process does that is no client is a fault. The order in the file is the order of the events, whatever their times say.
 */
export function pairEvents(events: Iterable<HistoryEvent>, text: string, options: PairingOptions): HistoryFile {
  const all = [...bounded(events, text, options.maxOperations * 2)];
  const { times, unit } = eventTimes(all, text);
  const pairs: Pair[] = [];
  const open = new Map<number, Pair>();
  for (const [index, event] of all.entries()) {
    if (typeof event.process === "string") continue;
    const time = times[index] as number;
    if (event.type === "invoke") {
      const pair = { invoke: event, call: time, completion: undefined, return: NEVER_RETURNED };
      if (open.has(event.process)) throw doubleInvoke(text, event, open.get(event.process)?.invoke);
      open.set(event.process, pair);
      pairs.push(pair);
    } else {
      complete(open.get(event.process), event, time, text);
      open.delete(event.process);
    }
  }
  const tuples = options.independent ?? asksOnTuples(pairs.map(({ invoke }) => invoke));
  const history = pairs.map((pair) => operationOf(pair, tuples, text));
  const model = suggestedModel(history);
  return { history, unit, faults: faultsOf(all, times), ...(model === undefined ? {} : { model }) };
}

function* bounded(events: Iterable<HistoryEvent>, text: string, most: number): Generator<HistoryEvent> {
  let count = 0;
  for (const event of events) {
    if (++count > most) {
      const problem = `the history has more than ${most} events`;
      throw errorAt(text, event.at, "too-many", problem, "Split it by key, or raise the limit.");
    }
    yield event;
  }
}

function complete(pair: Pair | undefined, event: HistoryEvent, time: number, text: string): void {
  if (pair === undefined) {
    // Jepsen's clients may report what they could not even begin.
    const problem = `process ${event.process} completes ${event.f}, but has nothing under way`;
    throw errorAt(text, event.at, "not-invoked", problem, "Keep its invocation, or remove this completion, too.");
  }
  if (pair.invoke.f !== event.f) {
    const problem = `process ${event.process} completes ${event.f}, but had invoked ${pair.invoke.f}`;
    throw errorAt(text, event.at, "bad-operation", problem, "A process does one operation at a time.");
  }
  pair.completion = event;
  if (event.type !== "info") pair.return = time;
}

function doubleInvoke(text: string, event: HistoryEvent, before: HistoryEvent | undefined): HistoryError {
  const problem = `process ${event.process} invokes ${event.f} while its ${before?.f} is under way`;
  const advice = "Write an info event for what was given up, and give each client a process of its own.";
  return errorAt(text, event.at, "double-invoke", problem, advice);
}

function operationOf({ invoke, completion, call, return: end }: Pair, tuples: boolean, text: string): Operation {
  const key = keyOf(invoke, tuples, text);
  const answered = completion?.type === "ok";
  const node = completion?.node ?? invoke.node;
  return {
    process: invoke.process as number,
    key,
    f: invoke.f,
    input: inputOf(invoke, completion, tuples, text),
    output: answered ? outputOf(completion, tuples) : undefined,
    call,
    return: end,
    outcome: answered ? "ok" : completion?.type === "fail" ? "fail" : "unknown",
    ...(node === undefined ? {} : { node }),
  };
}
