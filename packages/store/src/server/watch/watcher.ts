import type { WatchSpec } from "../../model/watch.ts";
import type { EncodedEvents } from "./encoded-events.ts";

/** Whoever is told of what a watcher sees. */
export interface WatchSink {
  /** It cannot take more now: nothing is sent until `WatchHub.unblocked`, and then from history. */
  readonly blocked: boolean;
  sendEvents(watcher: Watcher, events: EncodedEvents, revision: number): void;
  /** Everything up to `revision` has been sent. */
  sendProgress(watchId: number, revision: number): void;
  /** The hub has removed it, because the history that it wants is gone. */
  cancelCompacted(watcher: Watcher, compactRevision: number): void;
  /** The hub has removed it, because its user may not watch it any more. */
  cancelDenied(watcher: Watcher): void;
  /** Some of the watchers have caught up, or all have been told who were to be (`WatchHub.hasTold`). */
  onSynced(): void;
}

/** See `SyncedWatchers`. */
export interface SyncedHome {
  readonly counts: boolean;
  readonly resumeAt: number;
}

/** One watch of one stream. */
export class Watcher implements WatchSpec {
  /** Names it in the hub; the client knows it by `watchId`. */
  readonly id: number;
  readonly watchId: number;
  readonly stream: WatchSink;
  /** Whose it is; undefined if that did not count when it was made. */
  readonly user: string | undefined;
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly prevKv: boolean;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
  /** The first revision that it has not been told of; kept up to date only while it is behind. */
  startRevision: number;
  /** Those who are told at once, while they count; otherwise history is being read for it. */
  home: SyncedHome | undefined = undefined;
  /** The change of rights that it was looked at after: see `WatchRights`. */
  rightsSeen = 0;
  /** Nothing was sent since the last round of progress notifications. */
  quiet = true;

  constructor(id: number, stream: WatchSink, options: WatcherOptions) {
    this.id = id;
    this.stream = stream;
    this.watchId = options.watchId;
    this.user = options.user;
    this.key = options.key;
    this.rangeEnd = options.rangeEnd;
    this.noPut = options.noPut;
    this.noDelete = options.noDelete;
    this.prevKv = options.prevKv;
    this.progressNotify = options.progressNotify;
    this.fragment = options.fragment;
    this.startRevision = options.startRevision;
  }

  get synced(): boolean {
    return this.home?.counts === true;
  }
}

export interface WatcherOptions {
  readonly user: string | undefined;
  readonly watchId: number;
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly startRevision: number;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly prevKv: boolean;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
}
