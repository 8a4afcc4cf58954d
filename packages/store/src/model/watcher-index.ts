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

  /**
   * Calls `deliver` once for each watcher that wants some of the events, with these in order. Watchers of the same span
   * come one after the other and, unless they filter, with the same array.
   * @param events as `eventsSince` gives them.
   */
  match(events: readonly KeyValue[], deliver: Deliver): void {
    if (this.#groupOf.size === 0) return;
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
    for (const group of touched) {
      const matched = group.events;
      group.events = [];
      for (const [id, spec] of group.members) {
        const wanted = wantsAll(spec, matched) ? matched : matched.filter((event) => wants(spec, event));
        if (wanted.length > 0) deliver(id, wanted);
      }
    }
  }
}

function wantsAll(spec: WatchSpec, events: readonly KeyValue[]): boolean {
  return spec.noPut !== true && spec.noDelete !== true && spec.startRevision <= events[0]!.modRevision;
}

/** Lengths make it unambiguous. */
function groupName({ start, end }: KeySpan, single: boolean): string {
  return single ? start : `${start.length}:${start}${end ?? ""}${end === undefined ? "+" : "-"}`;
}

function isEmpty({ start, end }: KeySpan): boolean {
  return end !== undefined && end <= start;
}
