import type { LogIndex, NodeId } from "@synod/protocols/protocol";
import { EntryKind, type SnapshotMeta } from "@synod/protocols/raft/types";
import type { Member } from "./engine.ts";
import { EventKind, type NodeHost } from "./host.ts";
import { KeyValue } from "./key-value.ts";
import type { RequestDesk } from "./request-desk.ts";
import { SnapshotShelf } from "./snapshot-shelf.ts";

/** A node's state machine: applies what is committed, and keeps its snapshots. */
export class Applier {
  readonly shelf: SnapshotShelf = new SnapshotShelf();
  machine: KeyValue = new KeyValue();
  appliedIndex: LogIndex = 0;
  commitIndex: LogIndex = 0;
  readonly #id: NodeId;
  readonly #host: NodeHost<never>;
  readonly #desk: RequestDesk;
  readonly #snapshotEvery: number;
  #snapshotBusy = false;

  constructor(id: NodeId, host: NodeHost<never>, desk: RequestDesk, snapshotEvery: number) {
    this.#id = id;
    this.#host = host;
    this.#desk = desk;
    this.#snapshotEvery = snapshotEvery;
  }

  /** At a start: the state is the snapshot's that the log builds on. */
  begin(index: LogIndex, deduplicate: boolean): void {
    this.machine = new KeyValue(deduplicate);
    this.appliedIndex = index;
    this.commitIndex = index;
    this.#snapshotBusy = false;
    if (index > 0) this.machine.restore(this.shelf.bytesAt(index));
  }

  /** Applies what is committed; begins a snapshot when enough has been applied since the last. */
  apply(member: Member<never, never>, life: number): void {
    while (this.appliedIndex < this.commitIndex) {
      const index = ++this.appliedIndex;
      const kind = member.kindAt(index);
      const payload = member.payloadAt(index);
      if (kind === EntryKind.command) this.#desk.apply(this.machine, index, payload);
      this.#host.applied(this.#id, index, member.termAt(index)!, kind, payload, this.machine.hash);
    }
    if (this.#snapshotBusy || this.appliedIndex - this.shelf.latestIndex < this.#snapshotEvery) return;
    this.#snapshotBusy = true;
    const bytes = this.machine.snapshot();
    const configuration = member.configurationAt(this.appliedIndex);
    const meta = this.shelf.describe(this.appliedIndex, member.termAt(this.appliedIndex)!, configuration, bytes);
    const delay = 2 * this.#host.syncDelay(this.#id);
    this.#host.schedule(delay, EventKind.snapshotWritten, this.#id, life, { meta, bytes });
  }

  /** A snapshot of its own is on disk. @returns false if a newer one is there already. */
  written(meta: SnapshotMeta, bytes: Uint8Array): boolean {
    this.#snapshotBusy = false;
    if (meta.lastIncludedIndex <= this.shelf.latestIndex) return false;
    this.shelf.put(meta, bytes);
    this.#host.goal("snapshot taken");
    return true;
  }

  /** The leader's snapshot is whole and on disk: the state is replaced, if that is news. */
  restore(meta: SnapshotMeta, bytes: Uint8Array): void {
    if (meta.lastIncludedIndex <= this.appliedIndex) return;
    this.shelf.put(meta, bytes);
    this.machine.restore(bytes);
    this.appliedIndex = meta.lastIncludedIndex;
    this.#host.restored(this.#id, this.appliedIndex, this.machine.hash);
    this.#host.goal("snapshot installed");
  }
}
