import type { KeyValue } from "../../model/key-value.ts";
import type { StoreModel } from "../../model/store.ts";
import type { CatchUp } from "../../model/watch.ts";
import type { StoreLimits } from "../options.ts";

/** Some history: whole revisions, cut at the limit of events or of bytes, whichever comes first. */
export function readHistory(
  model: StoreModel,
  { catchUpBytes, catchUpEvents }: Pick<StoreLimits, "catchUpBytes" | "catchUpEvents">,
  startRevision: number,
): CatchUp {
  const found = model.eventsSince(startRevision, catchUpEvents);
  if (found.type === "compacted") return found;
  const { events } = found;
  let bytes = 0;
  for (let i = 0; i < events.length; i++) {
    const { keyLength, valueLength, modRevision } = events[i] as KeyValue;
    bytes += keyLength + valueLength;
    if (bytes <= catchUpBytes || i === 0 || events[i - 1]?.modRevision === modRevision) continue;
    return { type: "events", events: events.slice(0, i), nextRevision: modRevision };
  }
  return found;
}
