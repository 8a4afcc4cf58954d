import assert from "node:assert/strict";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { KeyValue } from "../../model/key-value.ts";
import { StoreModel } from "../../model/store.ts";
import { DEFAULT_STORE_LIMITS, type StoreLimits } from "../options.ts";
import type { WatchAccess } from "../watch/rights.ts";
import { WatchHub } from "../watch/watch-hub.ts";
import type { Watcher, WatchSink } from "../watch/watcher.ts";

const key = encodeUtf8;
const NOTHING = new Uint8Array(0);

const CROWD = 20_000;

/** What was done in one turn: how often streams were told, asked whether they are blocked, and users looked at. */
export interface Work {
  told: number;
  notified: number;
  cancelled: number;
  asked: number;
  judged: number;
}

const NO_WORK: Work = { told: 0, notified: 0, cancelled: 0, asked: 0, judged: 0 };

/** What a watcher sees, in order: revisions, "p" and the revision of a progress notification, "denied", "compacted". */
export class Sink implements WatchSink {
  readonly seen: (number | string)[] = [];
  readonly #world: World;
  isBlocked = false;
  wanted = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get blocked(): boolean {
    this.#world.work.asked++;
    return this.isBlocked;
  }

  sendEvents(_watcher: Watcher, { events }: { events: readonly KeyValue[] }): void {
    this.#world.work.told++;
    for (const { modRevision } of events) this.seen.push(modRevision);
  }

  sendProgress(_watchId: number, revision: number): void {
    this.#world.work.notified++;
    this.seen.push(`p${revision}`);
  }

  cancelCompacted(): void {
    this.#world.work.cancelled++;
    this.seen.push("compacted");
  }

  cancelDenied(): void {
    this.#world.work.cancelled++;
    this.seen.push("denied");
  }

  /** As a stream that was asked for progress. */
  onSynced(): void {
    if (this.wanted === 0 || !this.#world.hub.hasTold(this, this.wanted)) return;
    this.wanted = 0;
    this.sendProgress(-1, this.#world.hub.dispatchedRevision);
  }
}

/** A hub over a store, whose turns the test runs one by one. */
export class World {
  readonly model: StoreModel = new StoreModel();
  readonly hub: WatchHub;
  readonly access: WatchAccess & { changes: number; denied: string } = {
    changes: 0,
    denied: "",
    mayWatch: (user) => {
      this.work.judged++;
      return user !== this.access.denied;
    },
  };
  /** Since the last turn began. */
  work: Work = { ...NO_WORK };
  /** The largest of each in any turn. */
  most: Work = { ...NO_WORK };
  #scheduled: (() => void)[] = [];

  constructor(limits: Partial<StoreLimits> = {}) {
    this.hub = new WatchHub(
      this.model,
      { ...DEFAULT_STORE_LIMITS, ...limits },
      (work) => this.#scheduled.push(work),
      this.access,
    );
  }

  watch(name: string, more: Partial<Watcher> = {}): { sink: Sink; watcher: Watcher } {
    const sink = new Sink(this);
    const watcher = this.hub.add(sink, {
      user: "somebody",
      watchId: 0,
      key: key(name),
      rangeEnd: NOTHING,
      startRevision: this.model.revision + 1,
      noPut: false,
      noDelete: false,
      prevKv: false,
      progressNotify: false,
      fragment: false,
      ...more,
    });
    return { sink, watcher };
  }

  crowd(name = "a", count: number = CROWD, more: Partial<Watcher> = {}): { sink: Sink; watcher: Watcher }[] {
    return Array.from({ length: count }, () => this.watch(name, more));
  }

  /** Applied, and the hub told so, as at the end of a batch. */
  put(name: string): number {
    this.model.put({ key: key(name), value: key("v") }, 1);
    this.hub.dispatch();
    return this.model.revision;
  }

  /** Runs what was scheduled. @returns whether there was something. */
  turn(): boolean {
    this.#note();
    const scheduled = this.#scheduled;
    this.#scheduled = [];
    for (const each of scheduled) each();
    return scheduled.length > 0;
  }

  #note(): void {
    for (const kind of Object.keys(NO_WORK) as (keyof Work)[])
      this.most[kind] = Math.max(this.most[kind], this.work[kind]);
    this.work = { ...NO_WORK };
  }

  /** @returns turns until nothing is left to do */
  run(): number {
    let turns = 0;
    while (this.turn()) assert.ok(++turns < 2000, "it ends");
    this.#note();
    return turns;
  }
}
