import type { Instant, NodeId } from "@synod/protocols/protocol";
import { encodeRecord, recordTag } from "@synod/protocols/raft/codec";
import type { RaftMessage, RaftRecord } from "@synod/protocols/raft/types";
import type { DiskError } from "@synod/storage/disk";
import type { WalError } from "@synod/storage/wal/types";
import type { Wal } from "@synod/storage/wal/wal";

export interface LogWriterOptions {
  readonly wal: Wal;
  now(): Instant;
  /** Writes the second copy of these groups' votes, then calls `done`. */
  keepVotes(groups: readonly number[], done: () => void): void;
  /** Everything persisted before this message was added is durable. */
  release(group: number, to: NodeId, message: RaftMessage): void;
  /** So many bytes go to the disk in one write. */
  writing(bytes: number): void;
  /** A flush has ended, at once or in a later turn. */
  flushed(): void;
  failed(error: DiskError | WalError): void;
}

interface Held {
  readonly group: number;
  readonly to: NodeId;
  readonly message: RaftMessage;
}

/**
 * The write-ahead log as a turn uses it: records collect, one flush makes them durable, and only then do the messages
 * leave that promise something about them. While a flush is under way the next turns' records collect for the next one.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #collecting: Held[] = [];
  #syncing: Held[] = [];
  #afterNext: (() => void)[] = [];
  #afterThis: (() => void)[] = [];
  #dirty = false;
  #flushing = false;
  #started: Instant = 0;
  readonly #votes: Set<number> = new Set();

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  persist(group: number, record: RaftRecord): void {
    const { wal } = this.#options;
    const { head, body } = encodeRecord(record);
    const tag = recordTag(record.type);
    if (record.type === "entries") {
      wal.append(group, tag, record.entries.first + record.entries.terms.length - 1, head, body);
    } else {
      wal.appendSticky(group, tag, 0, head, body);
      if (record.type !== "snapshot") this.#votes.add(group);
    }
    this.#dirty = true;
  }

  sendOnceDurable(group: number, to: NodeId, message: RaftMessage): void {
    this.#collecting.push({ group, to, message });
  }

  /** `done` is called once everything persisted by now is durable. */
  whenDurable(done: () => void): void {
    this.#afterNext.push(done);
  }

  /** Since when the flush under way has been waiting for the disk; undefined: none is. */
  get flushingSince(): Instant | undefined {
    return this.#flushing ? this.#started : undefined;
  }

  /** One write and one sync for the turn, unless a sync is under way: then the turn's records go with the next. */
  flush(): void {
    if (this.#flushing || !(this.#dirty || this.#collecting.length > 0 || this.#afterNext.length > 0)) return;
    const empty = this.#syncing;
    this.#syncing = this.#collecting;
    this.#collecting = empty;
    this.#afterThis = this.#afterNext.splice(0);
    if (!this.#dirty) return this.#end();
    this.#dirty = false;
    this.#flushing = true;
    this.#started = this.#options.now();
    this.#options.writing(this.#options.wal.pendingBytes);
    if (this.#votes.size === 0) return this.#options.wal.flush(this.#onFlushed);
    // Votes are kept twice (vote-file.ts); the second copy is written first, so that it is never the older one.
    const votes = [...this.#votes];
    this.#votes.clear();
    this.#options.keepVotes(votes, () => this.#options.wal.flush(this.#onFlushed));
  }

  readonly #onFlushed = (error: DiskError | WalError | undefined): void => {
    this.#flushing = false;
    if (error !== undefined) return this.#options.failed(error);
    this.#end();
    this.#options.flushed();
  };

  #end(): void {
    const released = this.#syncing;
    this.#syncing = [];
    for (const { group, to, message } of released) this.#options.release(group, to, message);
    for (const done of this.#afterThis.splice(0)) done();
  }
}
