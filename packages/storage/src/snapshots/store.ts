import type { Disk } from "../disk.ts";
import { idOf, isTemporary, readInfo, snapshotName } from "./format.ts";
import { SnapshotReader } from "./reader.ts";
import { type DamagedSnapshot, type SnapshotDone, SnapshotError, type SnapshotId, type SnapshotInfo } from "./types.ts";
import { SnapshotWriter } from "./writer.ts";

/** Of each group so many are kept: should the newest turn out to be damaged, there is one more. */
const KEPT = 2;
/** Snapshots being sent to peers at one time; beyond it the one not read for longest starts over. */
const MAX_READERS = 16;

/** What the sender of a snapshot announced. */
export interface Announced {
  readonly size: number;
  readonly checksum: number;
  readonly metadata: Uint8Array;
}

/** The snapshot files of one node: own ones being written, one per group being received, finished ones being read. */
export class SnapshotStore {
  /** Files that were found damaged when the store was opened. They go with the next snapshot of their group. */
  readonly damaged: readonly DamagedSnapshot[];
  readonly #disk: Disk;
  #begun = 0;
  readonly #clusterId: bigint;
  /** Finished ones by group, newest first. */
  readonly #finished = new Map<number, SnapshotInfo[]>();
  readonly #writing = new Map<number, SnapshotWriter>();
  readonly #receiving = new Map<number, { writer: SnapshotWriter; announced: Announced }>();
  /** By name, least recently read first. An open file can be read on after its name is gone. */
  readonly #readers = new Map<string, SnapshotReader>();

  /** Reads headers and footers, and removes what was not finished. @throws DiskError; SnapshotError otherCluster, otherVersion */
  constructor(disk: Disk, options: { clusterId: bigint }) {
    this.#disk = disk;
    this.#clusterId = options.clusterId;
    const damaged: DamagedSnapshot[] = [];
    for (const name of disk.list()) {
      const id = idOf(name);
      if (id !== undefined) this.#load(name, id, damaged);
      else if (isTemporary(name)) disk.remove(name);
    }
    this.damaged = damaged;
  }

  /** A group's finished snapshots, newest first. */
  list(group: number): readonly SnapshotInfo[] {
    return this.#finished.get(group) ?? [];
  }

  /** Begins a snapshot of this node's own state; one of the same group that is not finished is given up. @throws DiskError */
  begin(id: SnapshotId, metadata: Uint8Array): SnapshotWriter {
    this.#writing.get(id.group)?.abort();
    const writer = this.#writer(id, metadata, () => {
      if (this.#writing.get(id.group) === writer) this.#writing.delete(id.group);
    });
    this.#writing.set(id.group, writer);
    return writer;
  }

  /**
   * Takes a piece of a snapshot that a peer sends. Offset 0 starts over; another snapshot of the group takes the place of
   * the one before; a piece that does not fit is ignored.
   * @returns the offset it wants next; the announced size: all is there
   * @throws DiskError
   */
  receive(id: SnapshotId, announced: Announced, offset: number, data: Uint8Array): number {
    if (this.#find(id)?.checksum === announced.checksum) return announced.size;
    const found = this.#receiving.get(id.group);
    const isSame = found !== undefined && sameSnapshot(found.writer.id, id) && sameBytes(found.announced, announced);
    if (offset === 0) {
      found?.writer.abort();
      this.#beginReceive(id, announced);
    } else if (!isSame) {
      return 0;
    }
    const { writer } = this.#receiving.get(id.group)!;
    if (offset !== writer.size || offset + data.length > announced.size) return writer.size;
    writer.write(data);
    return writer.size;
  }

  /** Offset up to which that snapshot was received; 0 if it is not being received. */
  receivedUpTo(id: SnapshotId): number {
    const writer = this.#receiving.get(id.group)?.writer;
    return writer !== undefined && sameSnapshot(writer.id, id) ? writer.size : 0;
  }

  /** Verifies and keeps what was received. With `checksumMismatch` it is gone, and must be sent anew. */
  finishReceive(id: SnapshotId, done: SnapshotDone): void {
    const finished = this.#find(id);
    if (finished !== undefined) {
      done(undefined, finished);
      return;
    }
    const found = this.#receiving.get(id.group);
    if (found === undefined || !sameSnapshot(found.writer.id, id)) {
      done(new SnapshotError("aborted", `${snapshotName(id)} is not being received`), undefined);
      return;
    }
    const { writer, announced } = found;
    if (writer.size === announced.size && writer.checksum === announced.checksum) {
      writer.finish(done);
      return;
    }
    writer.abort();
    const message = `${snapshotName(id)}: received ${writer.size} bytes that are not the announced ${announced.size}`;
    done(new SnapshotError("checksumMismatch", message), undefined);
  }

  /**
   * A part of a finished snapshot, to be sent. One whose reading has begun can be read to its end although newer ones have
   * replaced it, unless too many others are read at the same time.
   * @returns undefined when it is gone
   * @throws SnapshotError damaged; DiskError
   */
  read(id: SnapshotId, offset: number, length: number): Uint8Array | undefined {
    const reader = this.#reader(id);
    if (reader === undefined) return undefined;
    const bytes = reader.read(offset, length);
    if (offset + bytes.length >= reader.info.size) this.stopReading(id);
    return bytes;
  }

  /** Nobody reads it any more: gives its file back. Done by itself once the last byte was read. */
  stopReading(id: SnapshotId): void {
    const name = snapshotName(id);
    this.#readers.get(name)?.close();
    this.#readers.delete(name);
  }

  /**
   * A finished snapshot's whole state, verified as it is read.
   * @returns undefined when there is no such snapshot
   * @throws SnapshotError damaged, from the iteration: whatever was made of it must be thrown away
   */
  chunks(id: SnapshotId): Iterable<Uint8Array> | undefined {
    const info = this.#find(id);
    if (info === undefined) return undefined;
    const disk = this.#disk;
    return {
      *[Symbol.iterator]() {
        const reader = new SnapshotReader(disk.open(snapshotName(id), false), info);
        try {
          yield* reader.chunks();
        } finally {
          reader.close();
        }
      },
    };
  }

  /** A snapshot proved damaged: it is not offered any more. */
  discard(id: SnapshotId): void {
    if (this.#find(id) === undefined) return;
    this.stopReading(id);
    this.#disk.remove(snapshotName(id));
    this.#finished.set(
      id.group,
      this.list(id.group).filter((info) => !sameSnapshot(info, id)),
    );
  }

  /** The group is gone. */
  forget(group: number): void {
    this.#writing.get(group)?.abort();
    this.#receiving.get(group)?.writer.abort();
    this.#removeOlder(group, Number.POSITIVE_INFINITY);
    this.#finished.delete(group);
  }

  close(): void {
    for (const writer of [...this.#writing.values()]) writer.abort();
    for (const { writer } of [...this.#receiving.values()]) writer.abort();
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
  }

  #beginReceive(id: SnapshotId, announced: Announced): void {
    const writer = this.#writer(id, announced.metadata, () => {
      if (this.#receiving.get(id.group)?.writer === writer) this.#receiving.delete(id.group);
    });
    this.#receiving.set(id.group, { writer, announced });
  }

  #load(name: string, id: SnapshotId, damaged: DamagedSnapshot[]): void {
    const file = this.#disk.open(name, false);
    try {
      this.#add(readInfo(file, this.#clusterId, id));
    } catch (error) {
      if (!(error instanceof SnapshotError) || error.code !== "damaged") throw error;
      damaged.push({ name, reason: error.message });
    } finally {
      file.close();
    }
  }

  #writer(id: SnapshotId, metadata: Uint8Array, ended: () => void): SnapshotWriter {
    this.#begun += 1;
    const options = { clusterId: this.#clusterId, id, metadata, number: this.#begun };
    return new SnapshotWriter(this.#disk, options, (info) => {
      ended();
      if (info === undefined) return;
      this.#add(info);
      const kept = this.list(id.group).slice(0, KEPT);
      this.#finished.set(id.group, kept);
      this.#removeOlder(id.group, kept.at(-1)!.index);
    });
  }

  #add(info: SnapshotInfo): void {
    const others = this.list(info.group).filter((other) => !sameSnapshot(other, info));
    const newestFirst = [...others, info].sort((a, b) => b.index - a.index || b.term - a.term);
    this.#finished.set(info.group, newestFirst);
  }

  /** Removes the group's files below an index, damaged ones too. */
  #removeOlder(group: number, index: number): void {
    for (const name of this.#disk.list()) {
      const id = idOf(name);
      if (id !== undefined && id.group === group && id.index < index) this.#disk.remove(name);
    }
  }

  #reader(id: SnapshotId): SnapshotReader | undefined {
    const name = snapshotName(id);
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      const info = this.#find(id);
      if (info === undefined) return undefined;
      reader = new SnapshotReader(this.#disk.open(name, false), info);
      if (this.#readers.size >= MAX_READERS) this.stopReading([...this.#readers.values()][0]!.info);
    } else {
      this.#readers.delete(name); // to the end of the line
    }
    this.#readers.set(name, reader);
    return reader;
  }

  #find(id: SnapshotId): SnapshotInfo | undefined {
    return this.list(id.group).find((info) => sameSnapshot(info, id));
  }
}

function sameSnapshot(a: SnapshotId, b: SnapshotId): boolean {
  return a.group === b.group && a.index === b.index && a.term === b.term;
}

function sameBytes(a: Announced, b: Announced): boolean {
  return a.size === b.size && a.checksum === b.checksum;
}
