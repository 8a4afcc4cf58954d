import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { BackupError } from "@synod/store/backup/backend-reader";
import { BoltError } from "@synod/wire/bolt/format";
import type { BoltSource } from "@synod/wire/bolt/reader";
import { CliError } from "../cli/errors.ts";

/** etcd ends a snapshot with the SHA-256 of all before; the database itself comes in whole pages. */
const SHA_BYTES = 32;
const SMALLEST_PAGE = 512;
const PIECE = 1 << 20;

/** A snapshot file while it is open, with its checksum found right. */
export interface SnapshotFile extends BoltSource {
  readonly path: string;
  /** Hexadecimal, of the database. */
  readonly sha256: string;
  /** The file ends in its checksum; without it only its own structure can be checked. */
  readonly hasChecksum: boolean;
  close(): void;
}

/**
 * @param skipHashCheck takes a file without a checksum, as one copied from etcd's data folder is.
 * @throws CliError "snapshot": not there, no checksum, a wrong one
 */
export function openSnapshotFile(path: string, skipHashCheck: boolean): SnapshotFile {
  const descriptor = open(path);
  const { size: length } = fstatSync(descriptor);
  const hasChecksum = length % SMALLEST_PAGE === SHA_BYTES;
  const size = hasChecksum ? length - SHA_BYTES : length;
  const read = (offset: number, wanted: number): Uint8Array => {
    const bytes = new Uint8Array(Math.max(0, Math.min(wanted, size - offset)));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
  };
  try {
    const sha = hashOf(read, size);
    const said = Buffer.alloc(SHA_BYTES);
    if (hasChecksum) readSync(descriptor, said, 0, SHA_BYTES, size);
    if (!hasChecksum && !skipHashCheck) throw noChecksum(path, length);
    const sum = sha.digest();
    if (hasChecksum && !sum.equals(said)) {
      throw new CliError("snapshot", `${path} is not what was saved: its SHA-256 is another; take the snapshot again`);
    }
    return { path, size, hasChecksum, sha256: sum.toString("hex"), read, close: () => closeSync(descriptor) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function noChecksum(path: string, length: number): CliError {
  return new CliError(
    "snapshot",
    length % SMALLEST_PAGE === 0
      ? `${path} does not end in a checksum: if it was copied from a data folder of etcd, pass --skip-hash-check`
      : `${path} is no snapshot, or was cut short: ${length} bytes are no whole pages and a checksum`,
  );
}

/** The error of reading a snapshot as a sentence for its operator. */
export function asSnapshotError(error: unknown, path: string): unknown {
  if (!(error instanceof BoltError || error instanceof BackupError)) return error;
  return new CliError("snapshot", `${path} cannot be read as a snapshot: ${error.message}`);
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new CliError("snapshot", `${path} cannot be read (${reason}): name a file that synod snapshot save has made`);
  }
}

function hashOf(read: (offset: number, length: number) => Uint8Array, size: number): Hash {
  const sha = createHash("sha256");
  for (let at = 0; at < size; at += PIECE) sha.update(read(at, PIECE));
  return sha;
}
