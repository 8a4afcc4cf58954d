import type { WatchSpec } from "../model/watch.ts";
import type { WatchStream } from "./watch-stream.ts";

/** One watch of one stream. */
export class Watcher implements WatchSpec {
  /** Names it in the hub; the client knows it by `watchId`. */
  readonly id: number;
  readonly watchId: number;
  readonly stream: WatchStream;
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
  /** In the index of those who are told at once; otherwise history is being read for it. */
  synced = false;
  /** Nothing was sent since the last round of progress notifications. */
  quiet = true;

  constructor(id: number, stream: WatchStream, options: WatcherOptions) {
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
