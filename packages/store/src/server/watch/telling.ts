import type { KeyValue } from "../../model/key-value.ts";
import type { StoreModel } from "../../model/store.ts";
import { bytesOf, type Matches } from "../../model/watcher-index.ts";
import type { StoreLimits } from "../options.ts";
import { readHistory } from "./history.ts";
import type { Outbox } from "./outbox.ts";
import type { WatchRights } from "./rights.ts";
import { SyncedWatchers } from "./synced-watchers.ts";
import type { Watcher, WatchSink } from "./watcher.ts";

/** Watchers told in one turn, of events or from history: a few milliseconds. Large events count for several. */
export const TOLD_PER_TURN = 2000;

/** What tells watchers has at hand. */
export interface WatchTools {
  readonly model: StoreModel;
  readonly limits: StoreLimits;
  readonly schedule: (work: () => void) => void;
  readonly watchers: ReadonlyMap<number, Watcher>;
  readonly outbox: Outbox;
  readonly rights: WatchRights;
}

export interface TellingEvents {
  /** A new turn goes on with it. */
  resumed(): void;
  /** A watcher's stream is blocked: it has yet to be told of what follows `startRevision`. */
  late(watcher: Watcher, startRevision: number): void;
  /** History has a gap, and all who were synced are behind it: see `SyncedWatchers.end`. */
  gap(): void;
  /** Between two batches, when progress can be told of. @returns what is left of the budget */
  between(budget: number): number;
}

/**
 * Tells synced watchers of each batch as it is applied. A batch that concerns more watchers than one turn can tell is told
 * over the next turns; what is applied meanwhile waits its turn, and is then told as one batch.
 */
export class Telling {
  readonly #tools: WatchTools;
  readonly #events: TellingEvents;
  #synced = new SyncedWatchers();
  /** Every synced watcher has been told of everything up to this revision. */
  #dispatched: number;
  /** Where the batch ends that is being told; the same if none is. */
  #reached: number;
  /** Who has yet to be told of it; undefined: nobody. */
  #untold: Matches | undefined;
  /** What was applied while that is being told, and where it ends: kept, because compaction may forget it meanwhile. */
  #waiting: KeyValue[] = [];
  #waitingUpTo: number;
  /** Told when the batch has been told to all; those who are being told so. */
  #listeners = new Set<WatchSink>();
  #hearing: SetIterator<WatchSink> | undefined;
  #sliceScheduled = false;

  constructor(tools: WatchTools, events: TellingEvents) {
    this.#tools = tools;
    this.#events = events;
    this.#dispatched = tools.model.revision;
    this.#reached = this.#dispatched;
    this.#waitingUpTo = this.#dispatched;
  }

  get dispatchedRevision(): number {
    return this.#dispatched;
  }

  /** Who wants nothing up to here is synced. */
  get reachedRevision(): number {
    return this.#reached;
  }

  get syncedCount(): number {
    return this.#synced.index.size;
  }

  /** All synced watchers know the same, so that progress is neither ahead of an event nor after the next. */
  get isBetweenBatches(): boolean {
    return this.#reached === this.#dispatched;
  }

  sync(watcher: Watcher): void {
    this.#synced.add(watcher);
  }

  /** @param watcher a synced one */
  remove(watcher: Watcher): void {
    this.#synced.delete(watcher);
  }

  /** Tells what was applied since the last call: to as many as one turn can, to the others soon. */
  dispatch(): void {
    if (this.#sliceScheduled) this.#keepWaiting();
    else this.#tell();
  }

  /** Whether the synced watchers know everything up to `revision` and nothing more; if not, `onSynced` once they may. */
  hasTold(sink: WatchSink, revision: number): boolean {
    if (this.isBetweenBatches && this.#dispatched >= revision) return true;
    this.#listeners.add(sink);
    return false;
  }

  #tell(): void {
    let budget = TOLD_PER_TURN;
    while (this.#hearing !== undefined || !this.isBetweenBatches || this.#next()) {
      if (!this.isBetweenBatches) {
        if (this.#untold !== undefined) budget = this.#untold.tell(budget, this.#deliver);
        if (budget <= 0) break;
        this.#untold = undefined;
        this.#dispatched = this.#reached;
        this.#takeListeners();
      }
      budget = this.#events.between(this.#hear(budget));
      if (budget <= 0) break;
    }
    if (budget <= 0) this.#wantSlice();
    this.#tools.outbox.forget();
  }

  /** Takes up the next batch. @returns whether there is one. */
  #next(): boolean {
    const { model } = this.#tools;
    if (this.#synced.index.size === 0) this.#skip();
    if (this.#dispatched >= model.revision) return false;
    let events: readonly KeyValue[] = this.#waiting;
    if (events.length > 0) this.#reached = this.#waitingUpTo;
    else {
      const found = readHistory(model, this.#tools.limits, this.#dispatched + 1);
      if (found.type === "compacted") {
        this.#leaveBehind();
        return false;
      }
      events = found.events;
      this.#reached = found.nextRevision - 1;
      this.#waitingUpTo = this.#reached;
    }
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#untold = this.#synced.index.matches(events);
    return true;
  }

  /** The state came from a snapshot that has forgotten some of it: each watcher must learn where it stands. */
  #leaveBehind(): void {
    this.#synced.end(this.#dispatched + 1);
    this.#synced = new SyncedWatchers();
    this.#skip();
    this.#events.gap();
  }

  /** Nobody is to be told of what is there now. */
  #skip(): void {
    this.#waiting = [];
    this.#dispatched = this.#tools.model.revision;
    this.#reached = this.#dispatched;
    this.#waitingUpTo = this.#dispatched;
  }

  readonly #deliver = (id: number, events: readonly KeyValue[]): void => {
    const watcher = this.#tools.watchers.get(id) as Watcher;
    if (!this.#tools.rights.admit(watcher)) return;
    if (!watcher.stream.blocked) return this.#tools.outbox.send(watcher, events, this.#reached);
    this.#synced.delete(watcher);
    this.#events.late(watcher, this.#dispatched + 1);
  };

  /** Keeps what was applied meanwhile, as much as is told at once; the rest stays in history. */
  #keepWaiting(): void {
    const { limits, model } = this.#tools;
    if (this.isBetweenBatches || this.#waitingUpTo >= model.revision) return;
    if (this.#waiting.length >= limits.catchUpEvents || bytesOf(this.#waiting) >= limits.catchUpBytes) return;
    const found = readHistory(model, limits, this.#waitingUpTo + 1);
    if (found.type === "compacted") return;
    for (const event of found.events) this.#waiting.push(event);
    this.#waitingUpTo = found.nextRevision - 1;
  }

  /** Only `#tell` asks for it, and nothing else tells until then: there is never more than one. */
  #wantSlice(): void {
    this.#sliceScheduled = true;
    this.#tools.schedule(() => {
      this.#sliceScheduled = false;
      this.#events.resumed();
      this.#tell();
    });
  }

  #takeListeners(): void {
    if (this.#listeners.size === 0) return;
    this.#hearing = this.#listeners.values();
    this.#listeners = new Set();
  }

  #hear(budget: number): number {
    if (this.#hearing === undefined) return budget;
    let left = budget;
    while (left > 0) {
      const { value: sink, done } = this.#hearing.next();
      if (done === true) {
        this.#hearing = undefined;
        return left;
      }
      sink.onSynced();
      left -= 1;
    }
    return left;
  }
}
