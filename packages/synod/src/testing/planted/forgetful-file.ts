import type { DiskError, DiskFile } from "@synod/storage/disk";

/** A disk that says "synced" and is not writes what it was given after so long, as an operating system would. */
const WRITTEN_BACK_AFTER_MS = 3000;

interface Write {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * A file whose unsynced writes are kept in the process and so are lost when it is killed. Without it a killed node loses
 * nothing, since what it wrote is in the system's memory: a missing sync would only show when the power fails.
 *
 * `lies`: a sync is confirmed although nothing was written; that happens a while later.
 */
export class ForgetfulFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #lies: boolean;
  #unsynced: Write[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(file: DiskFile, lies: boolean) {
    this.#file = file;
    this.#lies = lies;
  }

  get name(): string {
    return this.#file.name;
  }

  size(): number {
    return this.#unsynced.reduce((size, { offset, bytes }) => Math.max(size, offset + bytes.length), this.#file.size());
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.size(), offset + length);
    const result = new Uint8Array(Math.max(0, end - offset));
    result.set(this.#file.read(offset, result.length));
    for (const write of this.#unsynced) {
      const from = Math.max(offset, write.offset);
      const to = Math.min(end, write.offset + write.bytes.length);
      if (from < to) result.set(write.bytes.subarray(from - write.offset, to - write.offset), from - offset);
    }
    return result;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#unsynced.push({ offset, bytes: bytes.slice() });
  }

  truncate(size: number): void {
    this.#writeBack();
    this.#file.truncate(size);
  }

  sync(done: (error: DiskError | undefined) => void): void {
    if (this.#lies) {
      this.#timer ??= setTimeout(() => this.#writeBack(), WRITTEN_BACK_AFTER_MS);
      done(undefined);
      return;
    }
    this.#writeBack();
    this.#file.sync(done);
  }

  close(): void {
    this.#writeBack();
    this.#file.close();
  }

  #writeBack(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { offset, bytes } of this.#unsynced) this.#file.write(offset, bytes);
    this.#unsynced = [];
  }
}
