import { NEVER_RETURNED } from "../history.ts";
import { shown } from "../values.ts";
import type { Fault, HistoryEvent } from "./history-file.ts";

/** What ends what, besides "start" or "start-x" and "stop" or "stop-x". */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  isolate: ["heal", "recover", "join"],
  partition: ["heal", "recover", "join"],
  kill: ["start", "restart", "recover"],
  pause: ["resume", "recover"],
};

function endsOf(name: string): readonly string[] {
  if (name === "start" || name.startsWith("start-")) return [name.replace("start", "stop")];
  return Object.hasOwn(ENDS, name) ? (ENDS[name] as readonly string[]) : [];
}

/** Bands of time from the events of whoever is no client: two events for each thing done, before it and after it. */
export function faultsOf(events: readonly HistoryEvent[], times: readonly number[]): Fault[] {
  const faults: { -readonly [Field in keyof Fault]: Fault[Field] }[] = [];
  const underWay = new Map<string, number>();
  for (const [index, event] of events.entries()) {
    if (typeof event.process !== "string") continue;
    const time = times[index] as number;
    const id = `${event.process} ${event.f}`;
    const begun = underWay.get(id);
    if (begun !== undefined) {
      const fault = faults[begun];
      if (fault !== undefined && fault.to === NEVER_RETURNED && endsOf(event.f).length === 0) fault.to = time;
      if (fault !== undefined && fault.about === undefined) Object.assign(fault, about(event.value));
      underWay.delete(id);
      continue;
    }
    for (const fault of faults)
      if (fault.to === NEVER_RETURNED && endsOf(fault.name).includes(event.f)) fault.to = time;
    underWay.set(id, faults.push({ name: event.f, from: time, to: NEVER_RETURNED, ...about(event.value) }) - 1);
  }
  return faults;
}

function about(value: unknown): { about?: string } {
  if (value === null) return {};
  return { about: typeof value === "string" ? value : shown(value) };
}
