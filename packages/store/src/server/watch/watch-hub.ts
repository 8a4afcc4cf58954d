import type { KeyValue } from "../../model/key-value.ts";
import type { StoreModel } from "../../model/store.ts";
import type { KeyRange } from "../../model/types.ts";
import type { CatchUp } from "../../model/watch.ts";
import { bytesOf, type Matches, WatcherIndex } from "../../model/watcher-index.ts";
import type { StoreLimits } from "../options.ts";
import { EncodedEvents } from "./encoded-events.ts";
import { Watcher, type WatcherOptions, type WatchSink } from "./watcher.ts";

/** Who may watch what, as of now. */
export interface WatchAccess {
  /** Another number whenever an answer of `mayWatch` may be another. */
  readonly changes: number;
  mayWatch(user: string | undefined, range: KeyRange): boolean;
}

/** Watchers told in one turn, of events or from history: a few milliseconds. Large events count for several. */
export const TOLD_PER_TURN = 2000;

/**
 * All watches of a node. A watcher is either synced, and told of each batch as it is applied, or behind, and told from
 * history in bounded slices until it has caught up. A batch that concerns more watchers than one turn can tell is told over
 * the next turns; what is applied meanwhile waits its turn, and is then told as one batch. A stream whose client does not read is not written to: its watchers
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
  /** Behind, too, but their streams are blocked until a queue has left, or there are enough others to catch up. */
  readonly #parked = new Set<Watcher>();
  readonly #plain = new EncodedEvents(false);
  readonly #withPrevious = new EncodedEvents(true);
  /** Every synced watcher has been told of everything up to this revision. */
  #dispatched: number;
  /** Who has yet to be told of what follows, up to `#reached`; undefined: all have been told of `#dispatched`. */
  #untold: Matches | undefined;
  #reached: number;
  /** What was applied while that is being told, and where it ends: kept, because compaction may forget it meanwhile. */
  #waiting: KeyValue[] = [];
  #waitingUpTo: number;
  /** Told when the batch has been told to all. */
  readonly #onTold = new Set<WatchSink>();
  #progressDue = false;
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
    this.#reached = model.revision;
    this.#waitingUpTo = model.revision;
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
    if (watcher.startRevision > this.#reached) this.#sync(watcher);
    else this.#fallBehind(watcher);
    return watcher;
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    this.#behind.delete(watcher);
    if (this.#parked.delete(watcher)) return;
    (watcher.synced ? this.#synced : this.#behindIndex).delete(watcher.id);
  }

  /** Tells the synced watchers of what was applied since the last call: as many as one turn can, the others soon. */
  dispatch(): void {
    if (this.#access.changes !== this.#accessSeen) this.#cancelDenied();
    if (this.#untold === undefined) this.#tell();
    else this.#keepWaiting();
  }

  /** Whether the synced watchers know everything up to `revision` and nothing more; if not, `onSynced` once they may. */
  hasTold(sink: WatchSink, revision: number): boolean {
    if (this.#untold === undefined && this.#dispatched >= revision) return true;
    this.#onTold.add(sink);
    return false;
  }

  #tell(): void {
    let budget = TOLD_PER_TURN;
    while (this.#untold !== undefined || this.#next()) {
      if (this.#untold !== undefined) budget = this.#untold.tell(budget, this.#deliver);
      if (budget <= 0) {
        this.#wantSlice();
        break;
      }
      this.#untold = undefined;
      this.#dispatched = this.#reached;
      if (this.#onTold.size > 0 || this.#progressDue) this.#afterTold();
    }
    this.#forgetEncoded();
  }

  /** Takes up the next batch. @returns whether there is one. */
  #next(): boolean {
    if (this.#synced.size === 0) this.#skip();
    if (this.#dispatched >= this.#model.revision) return false;
    let events: readonly KeyValue[] = this.#waiting;
    if (events.length > 0) this.#reached = this.#waitingUpTo;
    else {
      const found = this.#read(this.#dispatched + 1);
      if (found.type === "compacted") {
        // The state came from a snapshot that has forgotten some of it: each watcher must learn where it stands.
        this.#desync(this.#dispatched + 1);
        this.#skip();
        return false;
      }
      events = found.events;
      this.#reached = found.nextRevision - 1;
      this.#waitingUpTo = this.#reached;
    }
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#untold = this.#synced.matches(events);
    return true;
  }

  /** Nobody is to be told of what is there now. */
  #skip(): void {
    this.#waiting = [];
    this.#dispatched = this.#model.revision;
    this.#reached = this.#dispatched;
    this.#waitingUpTo = this.#dispatched;
  }

  readonly #deliver = (id: number, events: readonly KeyValue[]): void => {
    const watcher = this.#watchers.get(id) as Watcher;
    if (watcher.stream.blocked) this.#unsync(watcher, this.#dispatched + 1);
    else this.#send(watcher, events, this.#reached);
  };

  /** Keeps what was applied meanwhile, as much as is told at once; the rest stays in history. */
  #keepWaiting(): void {
    const { catchUpEvents, catchUpBytes } = this.#limits;
    if (this.#waitingUpTo >= this.#model.revision) return;
    if (this.#waiting.length >= catchUpEvents || bytesOf(this.#waiting) >= catchUpBytes) return;
    const found = this.#read(this.#waitingUpTo + 1);
    if (found.type === "compacted") return;
    for (const event of found.events) this.#waiting.push(event);
    this.#waitingUpTo = found.nextRevision - 1;
  }

  /** Only `#tell` asks for it, and nothing else tells until then: there is never more than one. */
  #wantSlice(): void {
    this.#schedule(() => {
      if (this.#access.changes !== this.#accessSeen) this.#cancelDenied();
      this.#tell();
    });
  }

  /** The one moment between two batches: progress can be told of that is neither ahead of an event nor after the next. */
  #afterTold(): void {
    const sinks = [...this.#onTold];
    this.#onTold.clear();
    for (const sink of sinks) sink.onSynced();
    if (this.#progressDue) this.#tellProgress();
  }

  /** The stream's queue has left: what its watchers missed is read from history. */
  unblocked(): void {
    this.#wantCatchUp();
  }

  /** Reads history for those who are behind, as much as one turn may cost. */
  catchUp(): void {
    this.dispatch();
    let more = false;
    for (const watcher of this.#parked) {
      if (watcher.stream.blocked) continue;
      more = this.#behind.size >= TOLD_PER_TURN;
      if (more) break;
      this.#parked.delete(watcher);
      this.#enlist(watcher);
    }
    let told = 0;
    for (let slice = 0; slice < this.#limits.catchUpSlices && this.#behind.size > 0; slice++) {
      told += this.#behind.size;
      if (told > TOLD_PER_TURN && slice > 0) break;
      this.#catchUpSlice();
    }
    this.#forgetEncoded();
    if (more || this.#behind.size > 0) this.#wantCatchUp();
  }

  /** Notifies each quiet watcher that asked for it, and counts anew who is quiet. */
  notifyProgress(): void {
    this.dispatch();
    this.#progressDue = this.#untold !== undefined;
    if (!this.#progressDue) this.#tellProgress();
  }

  #tellProgress(): void {
    this.#progressDue = false;
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
      if (watcher.startRevision > this.#reached) {
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
    const { blocked } = watcher.stream;
    if (blocked || this.#behind.size >= TOLD_PER_TURN) this.#parked.add(watcher);
    else this.#enlist(watcher);
    if (!blocked) this.#wantCatchUp();
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
