/**
 * What the storage code needs of a disk: flat names in one folder, positioned reads and writes, explicit durability.
 * A process gives it the file system (`runtime`), a simulated world gives it a disk that loses, tears and flips.
 *
 * Writes are visible to reads at once and durable only after `sync` of that file; a new, renamed or removed name is
 * durable only after `syncDirectory`. Errors throw `DiskError`.
 */
export interface Disk {
  /** Names present, in ascending code-unit order. */
  list(): string[];
  /** Opens for reading and writing; `create` makes an empty file where none is (its name durable after syncDirectory). */
  open(name: string, create: boolean): DiskFile;
  rename(from: string, to: string): void;
  remove(name: string): void;
  syncDirectory(): void;
}

export interface DiskFile {
  readonly name: string;
  size(): number;
  /** @returns up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  /** Copies or writes out `bytes` before it returns; extends the file where needed. */
  write(offset: number, bytes: Uint8Array): void;
  truncate(size: number): void;
  /**
   * Makes all writes made so far durable, then calls `done`, perhaps before returning. One error ends the file's use:
   * after a failed sync nobody knows what is on disk, so the caller must stop and never retry on the same file.
   */
  sync(done: (error: DiskError | undefined) => void): void;
  close(): void;
}

export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: "notFound" | "readFailed" | "writeFailed" | "syncFailed" | "noSpace" | "notPermitted" | "locked";
  readonly file: string;
  constructor(code: DiskError["code"], file: string, detail: string) {
    super(`${file}: ${detail}`);
    this.code = code;
    this.file = file;
  }
}
