import { WatcherIndex } from "../../model/watcher-index.ts";
import { readHistory } from "./history.ts";
import { type Telling, TOLD_PER_TURN, type WatchTools } from "./telling.ts";
import type { Watcher, WatchSink } from "./watcher.ts";

/** Watchers of one stream that get a place before those of the next stream do. */
const PLACES_AT_ONCE = 250;

export interface CatchingUpEvents {
  /** A new turn goes on with it. */
  resumed(): void;
  /** The history that a watcher wants is gone. */
  compacted(watcher: Watcher, compactRevision: number): void;
}

/**
 * Tells watchers who are behind from history, in bounded slices, until they are synced. Only so many read at a time. The
 * others wait for a place, or for their streams: a client that does not read is not written to, and its watchers cost no
 * memory but their place in history.
 */
export class CatchingUp {
  readonly #tools: WatchTools;
  readonly #telling: Telling;
  readonly #events: CatchingUpEvents;
  readonly #reading = new Set<Watcher>();
  readonly #index = new WatcherIndex();
  readonly #waiting = new Map<WatchSink, Set<Watcher>>();
  /** Streams with waiting watchers that are not blocked, as far as is known. */
  readonly #ready = new Set<WatchSink>();
  /** Streams of which a watcher has caught up in this turn. */
  readonly #caughtUp = new Set<WatchSink>();
  #scheduled = false;

  constructor(tools: WatchTools, telling: Telling, events: CatchingUpEvents) {
    this.#tools = tools;
    this.#telling = telling;
    this.#events = events;
  }

  /** From `watcher.startRevision` on. */
  add(watcher: Watcher): void {
    const { blocked } = watcher.stream;
    if (blocked || this.#reading.size >= TOLD_PER_TURN) this.#wait(watcher);
    else this.#enlist(watcher);
    if (!blocked) this.#want();
  }

  /** @param watcher one who is behind */
  remove(watcher: Watcher): void {
    if (this.#reading.delete(watcher)) this.#index.delete(watcher.id);
    else this.#leaveQueue(watcher);
  }

  /** The stream's queue has left: what its watchers missed is read from history. */
  unblocked(stream: WatchSink): void {
    if (!this.#waiting.has(stream)) return;
    this.#ready.add(stream);
    this.#want();
  }

  #want(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#tools.schedule(() => {
      this.#scheduled = false;
      this.#events.resumed();
      this.#catchUp();
    });
  }

  /** Reads history for those who are behind, as much as one turn may cost. */
  #catchUp(): void {
    this.#givePlaces();
    let told = 0;
    for (let slice = 0; slice < this.#tools.limits.catchUpSlices && this.#reading.size > 0; slice++) {
      told += this.#reading.size;
      if (told > TOLD_PER_TURN && slice > 0) break;
      this.#readSlice();
    }
    this.#tools.outbox.forget();
    for (const stream of this.#caughtUp) stream.onSynced();
    this.#caughtUp.clear();
    if (this.#ready.size > 0 || this.#reading.size > 0) this.#want();
  }

  #givePlaces(): void {
    for (const stream of this.#ready) {
      if (this.#reading.size >= TOLD_PER_TURN) return;
      this.#ready.delete(stream);
      if (stream.blocked) continue;
      const watchers = this.#waiting.get(stream) as Set<Watcher>;
      let places = Math.min(PLACES_AT_ONCE, TOLD_PER_TURN - this.#reading.size);
      for (const watcher of watchers) {
        if (places-- === 0) break;
        watchers.delete(watcher);
        this.#enlist(watcher);
      }
      if (watchers.size === 0) this.#waiting.delete(stream);
      else this.#ready.add(stream); // behind the others
    }
  }

  #readSlice(): void {
    const { limits, model, outbox, rights, watchers } = this.#tools;
    let cursor = Number.MAX_SAFE_INTEGER;
    for (const { startRevision } of this.#reading) cursor = Math.min(cursor, startRevision);
    const found = readHistory(model, limits, cursor);
    if (found.type === "compacted") return this.#cancelCompacted(found.compactRevision);
    this.#index.match(found.events, (id, events) => {
      const watcher = watchers.get(id) as Watcher;
      if (!rights.admit(watcher)) return;
      if (watcher.stream.blocked) return this.#standBack(watcher);
      watcher.startRevision = found.nextRevision;
      outbox.send(watcher, events, found.nextRevision - 1);
    });
    this.#advance(found.nextRevision);
  }

  /** Whoever wanted nothing in this slice of history has seen it, too. */
  #advance(nextRevision: number): void {
    for (const watcher of this.#reading) {
      if (watcher.startRevision < nextRevision) watcher.startRevision = nextRevision;
      if (watcher.startRevision > this.#telling.reachedRevision) {
        this.remove(watcher);
        this.#telling.sync(watcher);
        this.#caughtUp.add(watcher.stream);
      } else if (watcher.stream.blocked) this.#standBack(watcher);
    }
  }

  #cancelCompacted(compactRevision: number): void {
    for (const watcher of this.#reading) {
      if (watcher.startRevision < compactRevision) this.#events.compacted(watcher, compactRevision);
    }
  }

  #enlist(watcher: Watcher): void {
    this.#reading.add(watcher);
    this.#index.add(watcher.id, watcher);
  }

  #standBack(watcher: Watcher): void {
    this.#reading.delete(watcher);
    this.#index.delete(watcher.id);
    this.#wait(watcher);
  }

  #wait(watcher: Watcher): void {
    const { stream } = watcher;
    const queue = this.#waiting.get(stream);
    if (queue === undefined) this.#waiting.set(stream, new Set([watcher]));
    else queue.add(watcher);
    if (!stream.blocked) this.#ready.add(stream);
  }

  #leaveQueue(watcher: Watcher): void {
    const queue = this.#waiting.get(watcher.stream);
    if (queue?.delete(watcher) !== true || queue.size > 0) return;
    this.#waiting.delete(watcher.stream);
    this.#ready.delete(watcher.stream);
  }
}
