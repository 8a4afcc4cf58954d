import type { StoreModel } from "../../model/store.ts";
import type { StoreLimits } from "../options.ts";
import { CatchingUp } from "./catching-up.ts";
import { Outbox } from "./outbox.ts";
import { type WatchAccess, WatchRights } from "./rights.ts";
import { Round, VISITED_PER_TURN } from "./rounds.ts";
import { Telling, type WatchTools } from "./telling.ts";
import { Watcher, type WatcherOptions, type WatchSink } from "./watcher.ts";

/**
 * All watches of a node. A watcher is either synced, and told of each batch as it is applied (`Telling`), or behind, and told
 * from history until it has caught up (`CatchingUp`). However many there are, what concerns all of them (rights that have
 * changed, progress, a gap in history) is done for some hundreds in a turn, and never changes what each of them sees.
 */
export class WatchHub {
  readonly #limits: StoreLimits;
  readonly #schedule: (work: () => void) => void;
  readonly #watchers = new Map<number, Watcher>();
  readonly #outbox: Outbox;
  readonly #rights: WatchRights;
  readonly #telling: Telling;
  readonly #catchingUp: CatchingUp;
  /** Who may not watch any more is told so, if not before an event. */
  readonly #judging: Round;
  /** Who was synced before a gap in history is sent to catch up. */
  readonly #regrouping: Round;
  /** Who is quiet and has asked for it is told how far it knows everything. */
  readonly #notifying: Round;
  #roundsScheduled = false;
  #nextId = 1;

  constructor(model: StoreModel, limits: StoreLimits, schedule: (work: () => void) => void, access: WatchAccess) {
    this.#limits = limits;
    this.#schedule = schedule;
    this.#outbox = new Outbox(model);
    this.#rights = new WatchRights(access, (watcher) => {
      this.remove(watcher);
      watcher.stream.cancelDenied(watcher);
    });
    const { outbox, rights, watchers } = { outbox: this.#outbox, rights: this.#rights, watchers: this.#watchers };
    const tools: WatchTools = { model, limits, schedule, watchers, outbox, rights };
    this.#telling = new Telling(tools, {
      resumed: () => this.#lookAtRights(),
      late: (watcher, startRevision) => this.#fallBehind(watcher, startRevision),
      gap: () => this.#begin(this.#regrouping),
      between: (budget) => this.#notifying.advance(budget),
    });
    this.#catchingUp = new CatchingUp(tools, this.#telling, {
      resumed: () => this.dispatch(),
      compacted: (watcher, compactRevision) => {
        this.remove(watcher);
        watcher.stream.cancelCompacted(watcher, compactRevision);
      },
    });
    this.#judging = new Round(this.#watchers, (watcher) => void this.#rights.admit(watcher));
    this.#regrouping = new Round(this.#watchers, (watcher) => this.#regroup(watcher));
    this.#notifying = new Round(this.#watchers, (watcher) => this.#notify(watcher));
  }

  /** Synced watchers know everything up to here; some may know more. */
  get dispatchedRevision(): number {
    return this.#telling.dispatchedRevision;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  get behindCount(): number {
    return this.#watchers.size - this.#telling.syncedCount;
  }

  /** Events told to watchers, to each of them. */
  get eventsSent(): number {
    return this.#outbox.eventsSent;
  }

  get isFull(): boolean {
    return this.#watchers.size >= this.#limits.watches;
  }

  add(stream: WatchSink, options: WatcherOptions): Watcher {
    const watcher = new Watcher(this.#nextId++, stream, options);
    this.#watchers.set(watcher.id, watcher);
    this.#rights.begin(watcher);
    if (watcher.startRevision > this.#telling.reachedRevision) this.#telling.sync(watcher);
    else this.#catchingUp.add(watcher);
    return watcher;
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    if (watcher.synced) this.#telling.remove(watcher);
    else this.#catchingUp.remove(watcher);
  }

  /** Tells the synced watchers of what was applied since the last call: as many as one turn can, the others soon. */
  dispatch(): void {
    this.#lookAtRights();
    this.#telling.dispatch();
  }

  /** See `Telling.hasTold`. */
  hasTold(sink: WatchSink, revision: number): boolean {
    return this.#telling.hasTold(sink, revision);
  }

  /** The stream's queue has left. */
  unblocked(stream: WatchSink): void {
    this.#catchingUp.unblocked(stream);
  }

  /** Notifies each quiet watcher that asked for it, and counts anew who is quiet; unless that is being done. */
  notifyProgress(): void {
    this.dispatch();
    if (this.#notifying.isOver) this.#begin(this.#notifying);
  }

  #lookAtRights(): void {
    if (this.#rights.haveChanged()) this.#begin(this.#judging);
  }

  #notify(watcher: Watcher): void {
    const { dispatchedRevision } = this.#telling;
    const due = watcher.progressNotify && watcher.quiet && watcher.synced;
    if (
      due &&
      watcher.startRevision <= dispatchedRevision + 1 &&
      !watcher.stream.blocked &&
      this.#rights.admit(watcher)
    )
      watcher.stream.sendProgress(watcher.watchId, dispatchedRevision);
    watcher.quiet = true;
  }

  #regroup(watcher: Watcher): void {
    const { home } = watcher;
    if (home === undefined || home.counts) return;
    watcher.home = undefined;
    this.#fallBehind(watcher, home.resumeAt);
  }

  #fallBehind(watcher: Watcher, startRevision: number): void {
    watcher.startRevision = Math.max(watcher.startRevision, startRevision);
    this.#catchingUp.add(watcher);
  }

  #begin(round: Round): void {
    round.begin(this.#nextId);
    if (!this.#roundsScheduled) this.#goRound();
  }

  #goRound(): void {
    const budget = this.#regrouping.advance(this.#judging.advance(VISITED_PER_TURN));
    if (this.#telling.isBetweenBatches) this.#notifying.advance(budget);
    if (this.#judging.isOver && this.#regrouping.isOver && this.#notifying.isOver) return;
    this.#roundsScheduled = true;
    this.#schedule(() => {
      this.#roundsScheduled = false;
      this.#goRound();
    });
  }
}
