import { StoreError } from "./errors.ts";

/** A version as etcd compares them for a downgrade: the patch level does not count. */
export interface MinorVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * "3.4", "3.4.0" or "3.4.0-rc.1+build" (etcd `convertToClusterVersion`).
 * @throws StoreError `wrongDowngradeVersionFormat`
 */
export function parseMinorVersion(text: string): MinorVersion {
  const parts = /^(\d{1,9})\.(\d{1,9})(?:\.\d{1,9}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?$/.exec(text);
  if (parts === null) throw new StoreError("wrongDowngradeVersionFormat");
  return { major: Number(parts[1]), minor: Number(parts[2]) };
}

export function formatVersion({ major, minor }: MinorVersion): string {
  return `${major}.${minor}.0`;
}

/** A downgrade goes down by exactly one minor version. */
export function isOneBelow(target: MinorVersion, version: MinorVersion): boolean {
  return target.major === version.major && target.minor === version.minor - 1;
}
