import { type Disk, DiskError, type DiskFile } from "./disk.ts";
import { MemoryInode, type RandomSource } from "./memory-inode.ts";

export type { RandomSource } from "./memory-inode.ts";

export interface MemoryDiskOptions {
  /** Sum of the sizes of all files, in bytes; a write beyond it throws `noSpace`. Unlimited by default. */
  readonly capacity?: number;
  /**
   * Called for every sync; `run` makes it happen. By default at once. A simulated world delays it, and may drop it with
   * the node it belonged to: after `crash` a late `run` does nothing.
   */
  readonly scheduleSync?: (file: string, run: () => void) => void;
}

type DirectoryChange =
  | { type: "create"; name: string; inode: MemoryInode }
  | { type: "rename"; from: string; to: string }
  | { type: "remove"; name: string };

/**
 * A disk in memory that forgets on command. It keeps apart what was written and what was synced, for contents and for
 * names, so that `crash` can leave any state a real disk may leave. Faults beyond a crash (flipped bits, misdirected
 * writes, failing or lying syncs, no space) are asked for one by one; none happens by itself.
 */
export class MemoryDisk implements Disk {
  /** Bytes that all files together may take; may be changed at any time. */
  capacity: number;
  /** While true, `sync` and `syncDirectory` report success and make nothing durable. */
  lying = false;

  readonly #schedule: (file: string, run: () => void) => void;
  #names = new Map<string, MemoryInode>();
  #durableNames = new Map<string, MemoryInode>();
  #unsyncedNames: DirectoryChange[] = [];
  /** Counts crashes: a handle or a sync of an earlier life is dead. */
  #life = 0;
  #failingSyncs = 0;
  #failingWrites = 0;
  #misdirection: number | undefined;

  constructor(options: MemoryDiskOptions = {}) {
    this.capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    this.#schedule = options.scheduleSync ?? ((_file, run) => run());
  }

  list(): string[] {
    return [...this.#names.keys()].sort();
  }

  open(name: string, create: boolean): DiskFile {
    let inode = this.#names.get(name);
    if (inode === undefined) {
      if (!create) throw new DiskError("notFound", name, "there is no such file");
      inode = new MemoryInode();
      this.#change({ type: "create", name, inode });
    }
    return new MemoryFile(this, name, inode, this.#life);
  }

  rename(from: string, to: string): void {
    if (!this.#names.has(from)) throw new DiskError("notFound", from, "there is no such file to rename");
    this.#change({ type: "rename", from, to });
  }

  remove(name: string): void {
    if (!this.#names.has(name)) throw new DiskError("notFound", name, "there is no such file to remove");
    this.#change({ type: "remove", name });
  }

  syncDirectory(): void {
    this.#throwIfSyncFails(".");
    if (this.lying) return;
    for (const change of this.#unsyncedNames) applyChange(this.#durableNames, change);
    this.#unsyncedNames = [];
  }

  /**
   * Power loss. Of what was not synced, `random` chooses: name changes survive up to some point in their order; each
   * write of a file is lost, kept, cut after some 512-byte sector, or kept in some of its sectors. Open handles are dead.
   */
  crash(random: RandomSource): void {
    this.#startNextLife();
    const surviving = random.below(this.#unsyncedNames.length + 1);
    for (const change of this.#unsyncedNames.slice(0, surviving)) applyChange(this.#durableNames, change);
    this.#unsyncedNames = [];
    this.#names = new Map([...this.#durableNames].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#durableNames = new Map(this.#names);
    for (const inode of new Set(this.#names.values())) inode.crash(random);
  }

  /** The process dies and the machine lives on (`kill -9`): everything written stays, open handles are dead. */
  killProcess(): void {
    this.#startNextLife();
  }

  /** Bit rot: inverts one bit (0–7) of what is stored, synced or not. */
  flipBit(name: string, offset: number, bit: number): void {
    this.#inode(name).flipBit(offset, bit);
  }

  /** Bit rot of a whole stretch: overwrites what is stored, synced or not. Extends nothing. */
  damage(name: string, offset: number, bytes: Uint8Array): void {
    this.#inode(name).damage(offset, bytes);
  }

  /** The next sync, of a file or of the directory, fails; what it covered is never made durable by a later one. */
  failNextSync(): void {
    this.#failingSyncs += 1;
  }

  /** The next write throws `writeFailed` and writes nothing. */
  failNextWrite(): void {
    this.#failingWrites += 1;
  }

  /** The next write lands `shift` bytes away from where it belongs (not before the start of the file). */
  misdirectNextWrite(shift: number): void {
    this.#misdirection = shift;
  }

  /** A copy of what a file reads as now. */
  contents(name: string): Uint8Array {
    const inode = this.#inode(name);
    return inode.read(0, inode.size);
  }

  get bytesUsed(): number {
    let used = 0;
    for (const inode of new Set(this.#names.values())) used += inode.size;
    return used;
  }

  /** For `MemoryFile`. */
  isAlive(life: number): boolean {
    return life === this.#life;
  }

  /** For `MemoryFile`. */
  writeInto(name: string, inode: MemoryInode, offset: number, bytes: Uint8Array): void {
    if (this.#failingWrites > 0) {
      this.#failingWrites -= 1;
      throw new DiskError("writeFailed", name, "injected write error");
    }
    const target = this.#misdirection === undefined ? offset : Math.max(0, offset + this.#misdirection);
    this.#misdirection = undefined;
    this.reserve(name, target + bytes.length - inode.size);
    inode.write(target, bytes);
  }

  /** For `MemoryFile`. */
  reserve(name: string, growth: number): void {
    if (growth <= 0 || this.capacity === Number.POSITIVE_INFINITY) return;
    if (this.bytesUsed + growth > this.capacity) throw new DiskError("noSpace", name, "the disk is full");
  }

  /** For `MemoryFile`. */
  syncInode(name: string, inode: MemoryInode, done: (error: DiskError | undefined) => void): void {
    const life = this.#life;
    const covered = inode.changes;
    this.#schedule(name, () => {
      if (life !== this.#life) return;
      let error: DiskError | undefined;
      if (this.#failingSyncs > 0) {
        this.#failingSyncs -= 1;
        inode.doom(covered);
        error = new DiskError("syncFailed", name, "injected sync error");
      } else if (!this.lying) {
        inode.settle(covered);
      }
      done(error);
    });
  }

  #startNextLife(): void {
    this.#life += 1;
    this.#failingSyncs = 0;
    this.#failingWrites = 0;
    this.#misdirection = undefined;
  }

  #throwIfSyncFails(name: string): void {
    if (this.#failingSyncs === 0) return;
    this.#failingSyncs -= 1;
    throw new DiskError("syncFailed", name, "injected sync error");
  }

  #change(change: DirectoryChange): void {
    applyChange(this.#names, change);
    this.#unsyncedNames.push(change);
  }

  #inode(name: string): MemoryInode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw new DiskError("notFound", name, "there is no such file");
    return inode;
  }
}

function applyChange(names: Map<string, MemoryInode>, change: DirectoryChange): void {
  switch (change.type) {
    case "create":
      names.set(change.name, change.inode);
      return;
    case "rename": {
      const inode = names.get(change.from);
      if (inode === undefined) return;
      names.delete(change.from);
      names.set(change.to, inode);
      return;
    }
    case "remove":
      names.delete(change.name);
  }
}

/** A handle. Like a descriptor it goes on working after its name was removed, and like one it dies with its process. */
class MemoryFile implements DiskFile {
  readonly name: string;
  readonly #disk: MemoryDisk;
  readonly #inode: MemoryInode;
  readonly #life: number;
  #closed = false;

  constructor(disk: MemoryDisk, name: string, inode: MemoryInode, life: number) {
    this.name = name;
    this.#disk = disk;
    this.#inode = inode;
    this.#life = life;
  }

  size(): number {
    this.#check("readFailed");
    return this.#inode.size;
  }

  read(offset: number, length: number): Uint8Array {
    this.#check("readFailed");
    return this.#inode.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#check("writeFailed");
    this.#disk.writeInto(this.name, this.#inode, offset, bytes);
  }

  truncate(size: number): void {
    this.#check("writeFailed");
    this.#disk.reserve(this.name, size - this.#inode.size);
    this.#inode.truncate(size);
  }

  sync(done: (error: DiskError | undefined) => void): void {
    this.#check("syncFailed");
    this.#disk.syncInode(this.name, this.#inode, done);
  }

  close(): void {
    this.#closed = true;
  }

  #check(code: DiskError["code"]): void {
    if (this.#closed) throw new DiskError(code, this.name, "the file was closed");
    if (!this.#disk.isAlive(this.#life)) throw new DiskError(code, this.name, "the process that opened it is dead");
  }
}
