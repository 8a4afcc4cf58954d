import { IntervalTree } from "./interval-tree.ts";
import { type KeySpan, keyString, spanOf } from "./key-spans.ts";
import type { KeyValue } from "./key-value.ts";
import { isSingleKey } from "./scan.ts";
import { type WatchSpec, wants } from "./watch.ts";

/** All watchers of the same span: matched once, however many they are. */
interface Group {
  readonly span: KeySpan;
  readonly single: boolean;
  readonly members: Map<number, WatchSpec>;
  /** Of the events being matched, those in the span. */
  events: KeyValue[];
}

/** Told of each watcher that an applied batch concerns; `events` is shared among watchers and must not be changed. */
export type Deliver = (watcher: number, events: readonly KeyValue[]) => void;

/** Watchers of one span that have yet to be told of the same events. */
interface Audience {
  readonly events: readonly KeyValue[];
  /** Goes on where it stopped. It leaves out who was deleted since, and comes to who was added. */
  readonly rest: MapIterator<[number, WatchSpec]>;
  readonly cost: number;
}

/** Bytes of events that are as much work as one more watcher. */
const BYTES_PER_STEP = 8192;

/**
 * Whom some events concern, told in as many pieces as the caller wishes. Between two of them the index may change: who was
 * deleted is told nothing more; who was added must not want any of the events.
 */
export class Matches {
  readonly #audiences: readonly Audience[];
  #next = 0;

  constructor(audiences: readonly Audience[]) {
    this.#audiences = audiences;
  }

  /**
   * Calls `deliver` once for each watcher that wants some of the events, with these in order, until the work is done or
   * `budget` used up. A watcher costs 1, and more if its events are large; the first one is told whatever it costs.
   * @returns what is left of the budget; 0 or less: there may be more to tell.
   */
  tell(budget: number, deliver: Deliver): number {
    let left = budget;
    for (; this.#next < this.#audiences.length; this.#next++) {
      const { events, rest, cost } = this.#audiences[this.#next] as Audience;
      for (const [id, spec] of rest) {
        const wanted = wantsAll(spec, events) ? events : events.filter((event) => wants(spec, event));
        if (wanted.length > 0) deliver(id, wanted);
        left -= cost;
        if (left <= 0) return left;
      }
    }
    return left;
  }
}

/**
 * Which watchers an event concerns. Ids and specifications in, ids and events out: streams, and what a watcher has already
 * been sent, are the server's affair. Per event the cost is one lookup for watchers of a single key and one descent for
 * watchers of ranges, and then what matches.
 */
export class WatcherIndex {
  readonly #singles = new Map<string, Group>();
  readonly #ranges = new Map<string, Group>();
  readonly #tree = new IntervalTree<Group>();
  readonly #groupOf = new Map<number, Group>();

  get size(): number {
    return this.#groupOf.size;
  }

  /** @param id not in the index yet. */
  add(id: number, spec: WatchSpec): void {
    const span = spanOf(spec);
    const single = isSingleKey(spec);
    const groups = single ? this.#singles : this.#ranges;
    const name = groupName(span, single);
    let group = groups.get(name);
    if (group === undefined) {
      group = { span, single, members: new Map(), events: [] };
      groups.set(name, group);
      if (!single && !isEmpty(span)) this.#tree.add(span, group);
    }
    group.members.set(id, spec);
    this.#groupOf.set(id, group);
  }

  /** @returns whether there was such a watcher. */
  delete(id: number): boolean {
    const group = this.#groupOf.get(id);
    if (group === undefined) return false;
    this.#groupOf.delete(id);
    group.members.delete(id);
    if (group.members.size > 0) return true;
    const { span, single } = group;
    (single ? this.#singles : this.#ranges).delete(groupName(span, single));
    if (!single && !isEmpty(span)) this.#tree.delete(span);
    return true;
  }

  /** Tells all of them at once: `matches`. */
  match(events: readonly KeyValue[], deliver: Deliver): void {
    this.matches(events)?.tell(Number.POSITIVE_INFINITY, deliver);
  }

  /**
   * Finds out whom the events concern. Watchers of the same span come one after the other and, unless they filter, with
   * the same array; the fewer there are of a span the earlier they come, so that a crowd holds up nobody else.
   * @param events as `eventsSince` gives them.
   * @returns undefined: nobody.
   */
  matches(events: readonly KeyValue[]): Matches | undefined {
    if (this.#groupOf.size === 0) return undefined;
    const touched: Group[] = [];
    for (const event of events) {
      const note = (group: Group): void => {
        if (group.events.length === 0) touched.push(group);
        group.events.push(event);
      };
      const key = keyString(event.key);
      const single = this.#singles.get(key);
      if (single !== undefined) note(single);
      this.#tree.stab(key, note);
    }
    if (touched.length === 0) return undefined;
    if (touched.length > 1) touched.sort((a, b) => a.members.size - b.members.size);
    return new Matches(touched.map(audienceOf));
  }
}

function wantsAll(spec: WatchSpec, events: readonly KeyValue[]): boolean {
  return spec.noPut !== true && spec.noDelete !== true && spec.startRevision <= events[0]!.modRevision;
}

/** Takes what was noted from the group. */
function audienceOf(group: Group): Audience {
  const { events, members } = group;
  group.events = [];
  return { events, rest: members.entries(), cost: 1 + Math.floor(bytesOf(events) / BYTES_PER_STEP) };
}

/** Bytes of their keys and values. */
export function bytesOf(events: readonly KeyValue[]): number {
  let bytes = 0;
  for (const { keyLength, valueLength } of events) bytes += keyLength + valueLength;
  return bytes;
}

/** Lengths make it unambiguous. */
function groupName({ start, end }: KeySpan, single: boolean): string {
  return single ? start : `${start.length}:${start}${end ?? ""}${end === undefined ? "+" : "-"}`;
}

function isEmpty({ start, end }: KeySpan): boolean {
  return end !== undefined && end <= start;
}
