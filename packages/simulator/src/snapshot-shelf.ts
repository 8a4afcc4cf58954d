import type { LogIndex, Term } from "@synod/protocols/protocol";
import type { Configuration, SnapshotMeta, SnapshotSource } from "@synod/protocols/raft/types";
import { digestBytes } from "./trace-hash.ts";

/**
 * A node's snapshot files. One that is written is durable; older ones go when the record that names a newer one is durable,
 * because until then a crash leads back to them.
 */
export class SnapshotShelf implements SnapshotSource {
  #files: { meta: SnapshotMeta; bytes: Uint8Array }[] = [];
  #incoming: { meta: SnapshotMeta; bytes: Uint8Array; received: number } | undefined;
  #recorded: { position: number; index: LogIndex }[] = [];

  get latestIndex(): LogIndex {
    return this.#files.at(-1)?.meta.lastIncludedIndex ?? 0;
  }

  describe(index: LogIndex, term: Term, configuration: Configuration, bytes: Uint8Array): SnapshotMeta {
    const checksum = digestBytes(bytes) >>> 0;
    return { lastIncludedIndex: index, lastIncludedTerm: term, configuration, size: bytes.length, checksum };
  }

  put(meta: SnapshotMeta, bytes: Uint8Array): void {
    this.#files = this.#files.filter((file) => file.meta.lastIncludedIndex !== meta.lastIncludedIndex);
    this.#files.push({ meta, bytes });
    this.#files.sort((a, b) => a.meta.lastIncludedIndex - b.meta.lastIncludedIndex);
  }

  bytesAt(index: LogIndex): Uint8Array {
    const file = this.#files.find(({ meta }) => meta.lastIncludedIndex === index);
    if (file === undefined) throw new Error(`the snapshot at ${index}, which the log builds on, is gone`);
    return file.bytes;
  }

  has(index: LogIndex): boolean {
    return this.#files.some(({ meta }) => meta.lastIncludedIndex === index);
  }

  read(meta: SnapshotMeta, offset: number, length: number): Uint8Array | undefined {
    const file = this.#files.find((other) => other.meta.lastIncludedIndex === meta.lastIncludedIndex);
    if (file === undefined || file.meta.checksum !== meta.checksum) return undefined;
    return file.bytes.subarray(offset, offset + length);
  }

  /** A record that names the snapshot at `index` was written as number `position`. */
  recorded(position: number, index: LogIndex): void {
    this.#recorded.push({ position, index });
  }

  /** Records up to `position` are durable. */
  durable(position: number): void {
    while (this.#recorded.length > 0 && this.#recorded[0]!.position <= position) {
      const { index } = this.#recorded.shift()!;
      this.#files = this.#files.filter(({ meta }) => meta.lastIncludedIndex >= index);
    }
  }

  receive(meta: SnapshotMeta, offset: number, data: Uint8Array): void {
    if (offset === 0) this.#incoming = { meta, bytes: new Uint8Array(meta.size), received: 0 };
    const incoming = this.#incoming;
    if (incoming === undefined || incoming.received !== offset) throw new Error("snapshot chunks must not have gaps");
    incoming.bytes.set(data, offset);
    incoming.received += data.length;
  }

  /** @returns the received bytes, if they are whole and their checksum fits. */
  complete(meta: SnapshotMeta): Uint8Array | undefined {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    if (incoming === undefined || incoming.received !== meta.size) return undefined;
    return digestBytes(incoming.bytes) >>> 0 === meta.checksum ? incoming.bytes : undefined;
  }

  /** The process ended: what it was receiving is gone, and so is what it meant to forget. */
  forgetIncoming(): void {
    this.#incoming = undefined;
    this.#recorded = [];
  }

  /** The disk is gone. */
  clear(): void {
    this.#files = [];
    this.#recorded = [];
    this.#incoming = undefined;
  }
}
