import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { Channel } from "@synod/client/channel";
import { CallFailure, SynodError } from "@synod/client/errors";
import { ProtobufReader } from "@synod/wire/protobuf";
import { CliError } from "../cli/errors.ts";
import type { Access } from "../cli/store-access.ts";
import { openSnapshotFile } from "./file.ts";

const PATH = "/etcdserverpb.Maintenance/Snapshot";
const NO_REQUEST = new Uint8Array(0);

/**
 * Fetches a snapshot from the first of the endpoints that gives one, and gives the file its name when its checksum was
 * found right.
 * @param access where authentication is on: whoever saves everything must be root.
 * @throws CliError "snapshot": it cannot be written, or came damaged; SynodError
 */
export async function saveSnapshot(endpoints: readonly string[], access: Access, path: string): Promise<void> {
  const part = `${path}.part`;
  const failures: string[] = [];
  for (const endpoint of endpoints) {
    const channel = new Channel({ ...access, endpoints: [endpoint], connectTimeout: 5_000 });
    const file = create(part);
    try {
      await channel.authenticated();
      await receive(channel, (blob) => writeSync(file, blob));
      fsyncSync(file);
      openSnapshotFile(part, false).close();
      renameSync(part, path);
      return;
    } catch (error) {
      rmSync(part, { force: true });
      if (!isFailureOfCall(error)) throw error;
      failures.push(`${endpoint}: ${error.message}`);
    } finally {
      closeSync(file);
      channel.close();
    }
  }
  throw new SynodError("notApplied", `no snapshot could be fetched (${failures.join("; ")})`);
}

/** SnapshotResponse{blob=3} */
function receive(channel: Channel, write: (blob: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const message = (bytes: Uint8Array): void => {
      const reader = new ProtobufReader(bytes);
      while (reader.next()) {
        if (reader.field === 3) write(reader.bytes());
        else reader.skip();
      }
    };
    const ended = (failure: CallFailure | undefined): void => (failure === undefined ? resolve() : reject(failure));
    const failing = (bytes: Uint8Array): void => {
      try {
        message(bytes);
      } catch (error) {
        reject(error);
      }
    };
    channel.open(PATH, NO_REQUEST, { message: failing, ended }).then((stream) => stream.end(), reject);
  });
}

/** The next endpoint may do better. */
function isFailureOfCall(error: unknown): error is CallFailure | SynodError {
  return error instanceof CallFailure || error instanceof SynodError;
}

function create(path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new CliError("snapshot", `${path} cannot be written (${reason}): name a file in a folder that is writable`);
  }
}
