import type { KeyValue } from "../model/key-value.ts";
import type { StoreModel } from "../model/store.ts";
import type { KeyRange } from "../model/types.ts";
import type { CatchUp } from "../model/watch.ts";
import { WatcherIndex } from "../model/watcher-index.ts";
import { EncodedEvents } from "./encoded-events.ts";
import type { StoreLimits } from "./options.ts";
import { Watcher, type WatcherOptions, type WatchSink } from "./watcher.ts";

/** Who may watch what, as of now. */
export interface WatchAccess {
  /** Another number whenever an answer of `mayWatch` may be another. */
  readonly changes: number;
  mayWatch(user: string | undefined, range: KeyRange): boolean;
}

/**
 * All watches of a node. A watcher is either synced, and told of each batch as it is applied, or behind, and told from
 * history in bounded slices until it has caught up. A stream whose client does not read is not written to: its watchers
 * fall behind, and cost no memory but their place in history.
 */
export class WatchHub {
  readonly #model: StoreModel;
  readonly #limits: StoreLimits;
  readonly #schedule: (work: () => void) => void;
  readonly #watchers = new Map<number, Watcher>();
  readonly #synced = new WatcherIndex();
  readonly #behindIndex = new WatcherIndex();
  readonly #behind = new Set<Watcher>();
  /** Behind, too, but their streams are blocked: nobody looks at them until a queue has left. */
  readonly #parked = new Set<Watcher>();
  readonly #plain = new EncodedEvents(false);
  readonly #withPrevious = new EncodedEvents(true);
  /** Every synced watcher has been told of everything up to this revision. */
  #dispatched: number;
  readonly #access: WatchAccess;
  #accessSeen = 0;
  #nextId = 1;
  #catchUpScheduled = false;
  /** Events told to watchers, to each of them. */
  eventsSent = 0;

  constructor(model: StoreModel, limits: StoreLimits, schedule: (work: () => void) => void, access: WatchAccess) {
    this.#access = access;
    this.#model = model;
    this.#limits = limits;
    this.#schedule = schedule;
    this.#dispatched = model.revision;
  }

  get dispatchedRevision(): number {
    return this.#dispatched;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  get behindCount(): number {
    return this.#behind.size + this.#parked.size;
  }

  get isFull(): boolean {
    return this.#watchers.size >= this.#limits.watches;
  }

  add(stream: WatchSink, options: WatcherOptions): Watcher {
    const watcher = new Watcher(this.#nextId++, stream, options);
    this.#watchers.set(watcher.id, watcher);
    if (watcher.startRevision > this.#dispatched) this.#sync(watcher);
    else this.#fallBehind(watcher);
    return watcher;
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    this.#behind.delete(watcher);
    if (this.#parked.delete(watcher)) return;
    (watcher.synced ? this.#synced : this.#behindIndex).delete(watcher.id);
  }

  /** Tells the synced watchers of what was applied since the last call. */
  dispatch(): void {
    if (this.#access.changes !== this.#accessSeen) this.#cancelDenied();
    if (this.#synced.size === 0) this.#dispatched = this.#model.revision;
    while (this.#dispatched < this.#model.revision) {
      const found = this.#read(this.#dispatched + 1);
      if (found.type === "compacted") {
        // The state came from a snapshot that has forgotten some of it: each watcher must learn where it stands.
        this.#desync(this.#dispatched + 1);
        this.#dispatched = this.#model.revision;
        break;
      }
      const first = this.#dispatched + 1;
      const last = found.nextRevision - 1;
      this.#synced.match(found.events, (id, events) => {
        const watcher = this.#watchers.get(id) as Watcher;
        if (watcher.stream.blocked) this.#unsync(watcher, first);
        else this.#send(watcher, events, last);
      });
      this.#dispatched = last;
    }
    this.#forgetEncoded();
  }

  /** The stream's queue has left: what its watchers missed is read from history. */
  unblocked(): void {
    this.#wantCatchUp();
  }

  /** Reads history for those who are behind, as much as one turn may cost. */
  catchUp(): void {
    this.dispatch();
    for (const watcher of this.#parked) {
      if (watcher.stream.blocked) continue;
      this.#parked.delete(watcher);
      this.#enlist(watcher);
    }
    for (let slice = 0; slice < this.#limits.catchUpSlices && this.#behind.size > 0; slice++) this.#catchUpSlice();
    this.#forgetEncoded();
    if (this.#behind.size > 0) this.#wantCatchUp();
  }

  /** Notifies each quiet watcher that asked for it, and counts anew who is quiet. */
  notifyProgress(): void {
    this.dispatch();
    for (const watcher of this.#watchers.values()) {
      const due =
        watcher.progressNotify && watcher.quiet && watcher.synced && watcher.startRevision <= this.#dispatched + 1;
      if (due && !watcher.stream.blocked) watcher.stream.sendProgress(watcher.watchId, this.#dispatched);
      watcher.quiet = true;
    }
  }

  /** Somebody may do other things than before: nobody is told of another event whom it does not concern any more. */
  #cancelDenied(): void {
    this.#accessSeen = this.#access.changes;
    for (const watcher of this.#watchers.values()) {
      if (this.#access.mayWatch(watcher.user, watcher)) continue;
      this.remove(watcher);
      watcher.stream.cancelDenied(watcher);
    }
  }

  #catchUpSlice(): void {
    let cursor = Number.MAX_SAFE_INTEGER;
    for (const { startRevision } of this.#behind) cursor = Math.min(cursor, startRevision);
    const found = this.#read(cursor);
    if (found.type === "compacted") return this.#cancelCompacted(found.compactRevision);
    this.#behindIndex.match(found.events, (id, events) => {
      const watcher = this.#watchers.get(id) as Watcher;
      if (watcher.stream.blocked) return this.#park(watcher);
      watcher.startRevision = found.nextRevision;
      this.#send(watcher, events, found.nextRevision - 1);
    });
    this.#advance(found.nextRevision);
  }

  /** Some history: whole revisions, cut at the limit of events or of bytes, whichever comes first. */
  #read(startRevision: number): CatchUp {
    const found = this.#model.eventsSince(startRevision, this.#limits.catchUpEvents);
    if (found.type === "compacted") return found;
    const { events } = found;
    let bytes = 0;
    for (let i = 0; i < events.length; i++) {
      const { keyLength, valueLength, modRevision } = events[i] as KeyValue;
      bytes += keyLength + valueLength;
      if (bytes <= this.#limits.catchUpBytes || i === 0 || events[i - 1]?.modRevision === modRevision) continue;
      return { type: "events", events: events.slice(0, i), nextRevision: modRevision };
    }
    return found;
  }

  /** Whoever wanted nothing in this slice of history has seen it, too. */
  #advance(nextRevision: number): void {
    for (const watcher of this.#behind) {
      if (watcher.startRevision < nextRevision) watcher.startRevision = nextRevision;
      if (watcher.startRevision > this.#dispatched) {
        this.#behind.delete(watcher);
        this.#behindIndex.delete(watcher.id);
        this.#sync(watcher);
        watcher.stream.onSynced();
      } else if (watcher.stream.blocked) this.#park(watcher);
    }
  }

  #cancelCompacted(compactRevision: number): void {
    for (const watcher of this.#behind) {
      if (watcher.startRevision >= compactRevision) continue;
      this.remove(watcher);
      watcher.stream.cancelCompacted(watcher, compactRevision);
    }
  }

  #send(watcher: Watcher, events: readonly KeyValue[], revision: number): void {
    const encoded = watcher.prevKv ? this.#withPrevious : this.#plain;
    encoded.select(this.#model, events);
    watcher.quiet = false;
    this.eventsSent += events.length;
    watcher.stream.sendEvents(watcher, encoded, revision);
  }

  #sync(watcher: Watcher): void {
    watcher.synced = true;
    this.#synced.add(watcher.id, watcher);
  }

  #fallBehind(watcher: Watcher): void {
    watcher.synced = false;
    if (watcher.stream.blocked) {
      this.#parked.add(watcher);
      return;
    }
    this.#enlist(watcher);
    this.#wantCatchUp();
  }

  #enlist(watcher: Watcher): void {
    this.#behind.add(watcher);
    this.#behindIndex.add(watcher.id, watcher);
  }

  #park(watcher: Watcher): void {
    this.#behind.delete(watcher);
    this.#behindIndex.delete(watcher.id);
    this.#parked.add(watcher);
  }

  #unsync(watcher: Watcher, startRevision: number): void {
    this.#synced.delete(watcher.id);
    watcher.startRevision = Math.max(watcher.startRevision, startRevision);
    this.#fallBehind(watcher);
  }

  #desync(startRevision: number): void {
    for (const watcher of this.#watchers.values()) if (watcher.synced) this.#unsync(watcher, startRevision);
  }

  #wantCatchUp(): void {
    if (this.#catchUpScheduled) return;
    this.#catchUpScheduled = true;
    this.#schedule(() => {
      this.#catchUpScheduled = false;
      this.catchUp();
    });
  }

  #forgetEncoded(): void {
    this.#plain.forget();
    this.#withPrevious.forget();
  }
}
