import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { DiskError, type DiskFile } from "@synod/storage/disk";
import { toDiskError } from "./disk-errors.ts";
import type { SyncGauge } from "./sync-gauge.ts";

/** A sync of more than this goes through the thread pool, however fast the disk is. */
const BLOCKING_BYTES = 1 << 20;

export class NodeFile implements DiskFile {
  readonly name: string;
  readonly #gauge: SyncGauge;
  #descriptor: number;
  #unsyncedBytes = 0;
  #syncsInFlight = 0;
  #closing = false;

  constructor(name: string, descriptor: number, gauge: SyncGauge) {
    this.name = name;
    this.#descriptor = descriptor;
    this.#gauge = gauge;
  }

  size(): number {
    return this.#do("readFailed", (descriptor) => fstatSync(descriptor).size);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#do("readFailed", (descriptor) => {
      // Every byte is overwritten or cut off: to clear them first would take a quarter of the time.
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      let filled = 0;
      while (filled < length) {
        const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
        if (count === 0) return bytes.slice(0, filled);
        filled += count;
      }
      return bytes;
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#check("writeFailed");
    this.#unsyncedBytes += bytes.length;
    try {
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, offset + written);
      }
    } catch (error) {
      throw toDiskError(error, this.name, "writeFailed");
    }
  }

  truncate(size: number): void {
    this.#do("writeFailed", (descriptor) => ftruncateSync(descriptor, size));
  }

  sync(done: (error: DiskError | undefined) => void): void {
    this.#check("syncFailed");
    // Behind a snapshot's sync even a small one waits long: it must not hold up the event loop, and says nothing.
    const bytes = this.#unsyncedBytes;
    const isTypical = bytes <= BLOCKING_BYTES && this.#gauge.underWay === 0;
    this.#unsyncedBytes = 0;
    const start = performance.now();
    if (!isTypical || !this.#gauge.shouldBlock(bytes)) {
      this.#syncLater(start, bytes, isTypical, done);
      return;
    }
    let failure: DiskError | undefined;
    try {
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      failure = toDiskError(error, this.name, "syncFailed");
    }
    this.#gauge.ended(start, bytes, isTypical, this.name);
    done(failure);
  }

  /** The descriptor is given back once no sync uses it: its number may soon be another file's. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#syncsInFlight === 0) closeSync(this.#descriptor);
  }

  #syncLater(start: number, bytes: number, isTypical: boolean, done: (error: DiskError | undefined) => void): void {
    this.#syncsInFlight += 1;
    this.#gauge.underWay += 1;
    fdatasync(this.#descriptor, (error) => {
      this.#syncsInFlight -= 1;
      this.#gauge.underWay -= 1;
      if (this.#closing && this.#syncsInFlight === 0) closeSync(this.#descriptor);
      this.#gauge.ended(start, bytes, isTypical, this.name);
      done(error === null ? undefined : toDiskError(error, this.name, "syncFailed"));
    });
  }

  #do<Result>(code: "readFailed" | "writeFailed", action: (descriptor: number) => Result): Result {
    this.#check(code);
    try {
      return action(this.#descriptor);
    } catch (error) {
      throw toDiskError(error, this.name, code);
    }
  }

  #check(code: DiskError["code"]): void {
    if (this.#closing) throw new DiskError(code, this.name, "the file was closed");
  }
}
