import { linkSync, readFileSync, realpathSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DiskError } from "@synod/storage/disk";
import { toDiskError } from "./disk-errors.ts";

export const LOCK_NAME = "LOCK";

const ATTEMPTS = 5;

/** Folders that this very process holds: its own pid in a lock file cannot tell two openings apart. */
const held = new Set<string>();

/**
 * Keeps a folder for this process alone, by a file that names its owner. A lock whose owner is dead is taken over; a pid
 * counts as the owner only while its process started when the lock says it did, because pids come again (in a container
 * every process may be number 1). Owners in other containers or on other machines cannot be seen: against them the
 * write-ahead log carries its fence.
 *
 * @returns the release
 * @throws DiskError locked, notPermitted, …
 */
export function lockFolder(folder: string): () => void {
  const key = realpathSync(folder);
  if (held.has(key)) throw new DiskError("locked", folder, "this process has opened the folder already");
  const path = join(key, LOCK_NAME);
  const own = `${process.pid} ${startOf(process.pid) ?? "-"}\n`;
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, own);
    takeOver(folder, path, draft);
  } catch (error) {
    throw toDiskError(error, folder, "writeFailed");
  } finally {
    removeIfThere(draft);
  }
  held.add(key);
  return () => {
    if (held.delete(key) && readIfThere(path) === own) removeIfThere(path);
  };
}

function takeOver(folder: string, path: string, draft: string): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (linkIfFree(draft, path)) return;
    const owner = readIfThere(path);
    if (owner === undefined) continue;
    if (isAlive(owner)) {
      const pid = owner.split(" ")[0];
      throw new DiskError("locked", folder, `process ${pid} uses this folder: stop it first, or use another folder`);
    }
    removeStale(path, owner);
  }
  throw new DiskError("locked", folder, "other processes are opening this folder too: let one of them have it");
}

/** Renames before it removes: if another process was quicker, the file moved away is its new lock, and goes back. */
function removeStale(path: string, owner: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (readIfThere(aside) !== owner) linkIfFree(aside, path);
  removeIfThere(aside);
}

function isAlive(owner: string): boolean {
  const [pidText, start] = owner.trim().split(" ");
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  const startNow = startOf(pid);
  return startNow === undefined || start === "-" || startNow === start;
}

/** When a process started: boot and clock tick. Undefined where the system does not say (anything but Linux). */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command in parentheses may hold blanks; the start is the 22nd field, the 20th after it.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${boot}/${ticks}`;
  } catch {
    return undefined;
  }
}

function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
