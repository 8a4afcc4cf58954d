import { DiskError } from "@synod/storage/disk";

/** What an operation fails as when the system's own code says nothing better. */
type Fallback = "readFailed" | "writeFailed" | "syncFailed";

const CODES: Record<string, DiskError["code"]> = {
  ENOENT: "notFound",
  ENOSPC: "noSpace",
  EDQUOT: "noSpace",
  EACCES: "notPermitted",
  EPERM: "notPermitted",
  EROFS: "notPermitted",
};

const ADVICE: Partial<Record<DiskError["code"], string>> = {
  noSpace: "free some space or move the data folder",
  notPermitted: "the process needs to read and write the data folder",
  syncFailed: "what is on disk is unknown; the process must stop",
};

/** Translates an error of `node:fs`. A failed sync stays `syncFailed` whatever its cause: the file's use has ended. */
export function toDiskError(error: unknown, file: string, fallback: Fallback): DiskError {
  if (error instanceof DiskError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const kind = fallback === "syncFailed" ? fallback : (CODES[code ?? ""] ?? fallback);
  const advice = ADVICE[kind];
  return new DiskError(kind, file, advice === undefined ? message : `${message}; ${advice}`);
}
