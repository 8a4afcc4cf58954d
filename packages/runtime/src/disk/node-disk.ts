import { closeSync, constants, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { type Disk, DiskError, type DiskFile } from "@synod/storage/disk";
import { toDiskError } from "./disk-errors.ts";
import { LOCK_NAME, lockFolder } from "./lock-file.ts";
import { NodeFile } from "./node-file.ts";
import { SyncGauge } from "./sync-gauge.ts";

export interface NodeDiskOptions {
  /** Told how long each sync of a file took, in microseconds; for metrics. */
  readonly onSync?: (micros: number, file: string) => void;
}

/** One folder of the file system as the storage code sees it, locked against other processes while it is open. */
export class NodeDisk implements Disk {
  readonly folder: string;
  readonly #gauge: SyncGauge;
  readonly #directory: number;
  readonly #unlock: () => void;

  /**
   * Creates the folder if need be.
   * @throws DiskError locked (another process has it), notPermitted, …
   */
  constructor(folder: string, options: NodeDiskOptions = {}) {
    this.folder = folder;
    this.#gauge = new SyncGauge(options.onSync);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#unlock = lockFolder(folder);
      this.#directory = openSync(folder, constants.O_RDONLY);
    } catch (error) {
      throw toDiskError(error, folder, "writeFailed");
    }
  }

  list(): string[] {
    return this.#do(this.folder, "readFailed", () =>
      readdirSync(this.folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith(LOCK_NAME))
        .map((entry) => entry.name)
        .sort(),
    );
  }

  open(name: string, create: boolean): DiskFile {
    return this.#do(name, "readFailed", () => {
      const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0);
      return new NodeFile(name, openSync(this.#path(name), flags, 0o600), this.#gauge);
    });
  }

  rename(from: string, to: string): void {
    this.#do(from, "writeFailed", () => renameSync(this.#path(from), this.#path(to)));
  }

  remove(name: string): void {
    this.#do(name, "writeFailed", () => unlinkSync(this.#path(name)));
  }

  syncDirectory(): void {
    this.#do(this.folder, "syncFailed", () => fsyncSync(this.#directory));
  }

  /** Gives the folder back to other processes. Files are the business of who opened them. */
  close(): void {
    closeSync(this.#directory);
    this.#unlock();
  }

  #path(name: string): string {
    if (basename(name) !== name || name === "" || name.startsWith(".") || name.startsWith(LOCK_NAME)) {
      throw new DiskError("notPermitted", name, "not a plain file name");
    }
    return join(this.folder, name);
  }

  #do<Result>(file: string, code: "readFailed" | "writeFailed" | "syncFailed", action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw toDiskError(error, file, code);
    }
  }
}
