import { decodeConfiguration, encodeConfiguration } from "@synod/protocols/raft/configuration-codec";
import type { RecoveredState } from "@synod/protocols/raft/recovery";
import type { RaftOutcome, SnapshotMeta, SnapshotSource } from "@synod/protocols/raft/types";
import { DiskError } from "@synod/storage/disk";
import type { SnapshotStore } from "@synod/storage/snapshots/store";
import { SnapshotError, type SnapshotId, type SnapshotInfo } from "@synod/storage/snapshots/types";
import type { SnapshotWriter } from "@synod/storage/snapshots/writer";
import type { Logger } from "../log/logger.ts";
import type { HostLimits } from "./options.ts";
import type { RaftGroup } from "./raft-group.ts";

/** How long one turn may work on a snapshot, in milliseconds: the group goes on serving between the pieces. */
const TURN_BUDGET_MS = 4;
const RETRY_AFTER_MS = 10_000;
/** After a start with much log to apply its members need their processors for that, and the next snapshot can wait. */
const SETTLE_MS = 5000;
const MUCH_LOG_BYTES = 64 << 20;
/** How long to wait when the disk has not taken what was written so far. */
const DISK_PAUSE_MS = 2;

export interface SnapshottingOptions {
  readonly store: SnapshotStore;
  readonly limits: HostLimits;
  readonly logger: Logger;
  wantTurn(): void;
  /** Runs what follows a sync: where it throws, the node stops. */
  guard(step: () => void): void;
  /** Everything persisted so far is durable when `done` is called. */
  whenDurable(done: () => void): void;
  /** Entries up to here are in a durable snapshot whose record is durable too. */
  release(group: number, index: number): void;
}

interface Taking {
  readonly writer: SnapshotWriter;
  readonly chunks: Iterator<Uint8Array>;
  readonly began: number;
  /** All is written; the last sync is under way. */
  isFinishing: boolean;
}

/** A snapshot of the leader's on its way from the disk into the state. */
interface Restoring {
  readonly meta: SnapshotMeta;
  readonly chunks: Iterator<Uint8Array>;
  readonly steps: Iterator<undefined>;
}

/** One group's snapshots: taken by bytes of log, in small pieces; sent; received and installed; restored at a start. */
export class Snapshotting implements SnapshotSource {
  readonly #group: RaftGroup<unknown>;
  readonly #options: SnapshottingOptions;
  #taking: Taking | undefined;
  #restoring: Restoring | undefined;
  /** Bytes of log that the last compaction left in memory. */
  #keptBytes = 0;
  #toInstall: SnapshotMeta | undefined;
  /** After a start or a failure, when to take the next one; in milliseconds of `performance.now()`. */
  #notBefore = 0;
  taken = 0;
  installed = 0;

  constructor(group: RaftGroup<unknown>, options: SnapshottingOptions) {
    this.#group = group;
    this.#options = options;
  }

  /**
   * Restores the state at a start. A snapshot that the log counts on and that cannot be read is like a damaged log: an
   * older one, or none, takes its place, and the member is `recovering`.
   * @returns false: something was lost
   */
  restore(state: RecoveredState): boolean {
    const { store } = this.#options;
    const wanted = state.snapshot;
    if (state.log.bytes > MUCH_LOG_BYTES) this.#notBefore = performance.now() + SETTLE_MS;
    // Finished, but a crash came before the log knew: the next ones must not push out the one that counts.
    for (const info of [...store.list(this.#group.id)]) {
      if (info.index > (wanted?.lastIncludedIndex ?? 0)) store.discard(info);
    }
    if (wanted === undefined) return true;
    for (const info of [...store.list(this.#group.id)]) {
      if (!this.#restoreFrom(info)) continue;
      if (info.index === wanted.lastIncludedIndex && info.term === wanted.lastIncludedTerm) return true;
      this.#beginAgainAt(state, info);
      return false;
    }
    this.#beginAgainAt(state, undefined);
    return false;
  }

  #restoreFrom(info: SnapshotInfo): boolean {
    const { store, logger } = this.#options;
    try {
      this.#group.applied.restore(store.chunks(info)!);
      return true;
    } catch (error) {
      if (!(error instanceof SnapshotError || error instanceof RangeError)) throw error;
      logger.error(`the snapshot at ${info.index} is damaged: ${error.message}`);
      store.discard(info);
      return false;
    }
  }

  #beginAgainAt(state: RecoveredState, info: SnapshotInfo | undefined): void {
    state.recovering = true;
    state.snapshot = info === undefined ? undefined : metaOf(info);
    state.log.reset(info?.index ?? 0, info?.term ?? 0);
  }

  // --- SnapshotSource

  read(meta: SnapshotMeta, offset: number, length: number): Uint8Array | undefined {
    const id = this.#idOf(meta);
    try {
      return this.#options.store.read(id, offset, length);
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      this.#options.logger.error(`the snapshot at ${meta.lastIncludedIndex} cannot be sent: ${error.message}`);
      return undefined;
    }
  }

  // --- in the turn

  incoming(outcome: Extract<RaftOutcome, { type: "snapshotChunk" | "installSnapshot" }>): void {
    const { snapshot } = outcome;
    if (outcome.type === "installSnapshot") {
      this.#toInstall = snapshot;
      return;
    }
    const announced = {
      size: snapshot.size,
      checksum: snapshot.checksum,
      metadata: encodeConfiguration(snapshot.configuration),
    };
    this.#options.store.receive(this.#idOf(snapshot), announced, outcome.offset, outcome.data);
  }

  /** Once a turn: begins, continues or ends what is due. */
  step(): void {
    if (this.#toInstall !== undefined) this.#install(this.#toInstall);
    if (this.#restoring !== undefined) this.#continueRestoring(this.#restoring);
    try {
      if (this.#taking === undefined) {
        if (this.#isDue()) this.#begin();
      } else if (!this.#taking.isFinishing) this.#continue(this.#taking);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.#taking?.writer.abort();
      this.#failed(error);
    }
  }

  #isDue(): boolean {
    const { log, snapshot } = this.#group.raft.state;
    // A large state is written less often: all snapshots together cost at most as many bytes as the log itself.
    // Members take theirs at different points, so that at any time most disks have nothing else to do.
    const stagger = 1 + (this.#group.self % 3) / 4;
    const due = stagger * Math.max(this.#options.limits.snapshotEvery, snapshot?.size ?? 0);
    if (log.bytes - this.#keptBytes < due || performance.now() < this.#notBefore) return false;
    return this.#group.applied.index > (snapshot?.lastIncludedIndex ?? 0);
  }

  #begin(): void {
    const { raft, applied, id: group } = this.#group;
    const id = { group, index: applied.index, term: raft.state.log.termAt(applied.index)! };
    const metadata = encodeConfiguration(raft.configurationAt(applied.index));
    const began = performance.now();
    this.#taking = {
      writer: this.#options.store.begin(id, metadata),
      chunks: applied.snapshot(),
      began,
      isFinishing: false,
    };
    this.#options.wantTurn();
  }

  /** The log still holds everything, so the node goes on; it stops when the log itself finds no space. */
  #failed(error: Error): void {
    this.#taking = undefined;
    this.#notBefore = performance.now() + RETRY_AFTER_MS;
    this.#options.logger.error(`a snapshot could not be written, and the log cannot become shorter: ${error.message}`);
  }

  #continue(taking: Taking): void {
    const { writer, chunks } = taking;
    const until = performance.now() + TURN_BUDGET_MS;
    while (writer.isReady && performance.now() < until) {
      const next = chunks.next();
      if (next.done === true) return this.#finish(taking);
      writer.write(next.value);
    }
    if (writer.isReady) this.#options.wantTurn();
    else setTimeout(this.#options.wantTurn, DISK_PAUSE_MS);
  }

  #finish(taking: Taking): void {
    taking.isFinishing = true;
    taking.writer.finish((error, info) =>
      this.#options.guard(() => {
        if (info !== undefined) this.#taken(info, taking.began);
        else this.#failed(error!);
      }),
    );
  }

  #taken(info: SnapshotInfo, began: number): void {
    this.#taking = undefined;
    const { raft, id } = this.#group;
    const { log } = raft.state;
    this.taken++;
    raft.compact(metaOf(info), this.#keepFrom(info.index), this.#group);
    this.#keptBytes = log.bytes;
    this.#options.whenDurable(() => this.#options.release(id, info.index));
    const seconds = (performance.now() - began) / 1000;
    this.#options.logger.info(`took a snapshot at ${info.index}`, { bytes: info.size, seconds: seconds.toFixed(2) });
    this.#options.wantTurn();
  }

  /** Some entries stay in memory behind the snapshot, so that a follower that is a little late needs no transfer. */
  #keepFrom(index: number): number {
    const { log } = this.#group.raft.state;
    let bytes = 0;
    let from = index + 1;
    while (from > log.firstIndex && bytes < this.#options.limits.keepBehind) bytes += log.payloadAt(--from).length;
    return from;
  }

  #install(meta: SnapshotMeta): void {
    this.#toInstall = undefined;
    const id = this.#idOf(meta);
    this.#options.store.finishReceive(id, (error) => this.#options.guard(() => this.#received(meta, id, error)));
  }

  #received(meta: SnapshotMeta, id: SnapshotId, error: Error | undefined): void {
    const { store, logger } = this.#options;
    const { applied } = this.#group;
    if (error !== undefined) logger.warn(`a snapshot from the leader was not taken: ${error.message}`);
    else if (meta.lastIncludedIndex > applied.index) {
      this.#stopRestoring();
      const chunks = store.chunks(id)![Symbol.iterator]();
      this.#restoring = { meta, chunks, steps: applied.restoreInSteps({ [Symbol.iterator]: () => chunks }) };
      this.#options.wantTurn();
      return;
    }
    this.#installed(meta, error === undefined);
  }

  #continueRestoring({ meta, steps }: Restoring): void {
    const { applied } = this.#group;
    if (applied.index >= meta.lastIncludedIndex) {
      this.#stopRestoring(); // another leader's entries were faster
      this.#installed(meta, true);
      return;
    }
    const until = performance.now() + TURN_BUDGET_MS;
    try {
      while (performance.now() < until) if (steps.next().done === true) return this.#restored(meta);
      this.#options.wantTurn();
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      // The state is as it was, so this member can ask for the same once more.
      this.#options.logger.error(`the leader's snapshot was damaged on this disk: ${error.message}`);
      this.#stopRestoring();
      this.#options.store.discard(this.#idOf(meta));
      this.#installed(meta, false);
    }
  }

  #restored(meta: SnapshotMeta): void {
    this.#restoring = undefined;
    this.installed++;
    this.#options.logger.info(`installed the leader's snapshot at ${meta.lastIncludedIndex}`, { bytes: meta.size });
    this.#installed(meta, true);
  }

  #stopRestoring(): void {
    this.#restoring?.chunks.return?.();
    this.#restoring = undefined;
  }

  #installed(meta: SnapshotMeta, ok: boolean): void {
    const { raft, id } = this.#group;
    raft.snapshotInstalled(meta, ok, this.#group);
    this.#keptBytes = raft.state.log.bytes;
    this.#options.whenDurable(() => this.#options.release(id, meta.lastIncludedIndex));
    this.#options.wantTurn();
  }

  #idOf(meta: SnapshotMeta): SnapshotId {
    return { group: this.#group.id, index: meta.lastIncludedIndex, term: meta.lastIncludedTerm };
  }
}

function metaOf(info: SnapshotInfo): SnapshotMeta {
  return {
    lastIncludedIndex: info.index,
    lastIncludedTerm: info.term,
    configuration: decodeConfiguration(info.metadata),
    size: info.size,
    checksum: info.checksum,
  };
}
