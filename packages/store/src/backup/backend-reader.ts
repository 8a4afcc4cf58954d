import { type BoltEntry, BoltReader, type BoltSource } from "@synod/wire/bolt/reader";
import { crc32c } from "@synod/wire/crc32c";
import { ProtobufError, ProtobufReader } from "@synod/wire/protobuf";
import { decodeUtf8 } from "@synod/wire/utf8";
import { decodePermission } from "../api/auth.ts";
import type { Permission, Role, User } from "../model/auth/types.ts";
import { OWN_BUCKET } from "./buckets.ts";
import { decodeRevisionKey, type RevisionKey } from "./records.ts";

/** A snapshot file that holds no etcd state, or one that cannot be. The message is a sentence about the file. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/** One record of a key, as it stands in the file; views. A tombstone has a key only. */
export interface BackupRecord extends RevisionKey {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

export interface BackupLease {
  readonly id: bigint;
  /** Seconds. */
  readonly ttl: number;
  readonly remaining: number;
}

/** Takes the rows of a file as they come: records in the order of their revisions. */
export interface BackupVisitor {
  record(record: BackupRecord): void;
  lease(lease: BackupLease): void;
  user(user: Omit<User, "credentialRevision">): void;
  role(role: Role): void;
  auth(name: "authEnabled" | "authRevision", value: number): void;
  compacted(revision: number): void;
  member(id: bigint): void;
  /** A row of what Synod keeps beyond etcd. */
  own(key: string, value: Uint8Array): void;
}

/** @throws BackupError, BoltError */
export function visitBackup(source: BoltSource, visitor: BackupVisitor): void {
  let hasKeys = false;
  const names = new Map<Uint8Array, string>();
  const nameOf = (path: Uint8Array): string => {
    const known = names.get(path) ?? decodeUtf8(path);
    names.set(path, known);
    return known;
  };
  const rows = new BoltReader(source).rows((path) => {
    hasKeys ||= path.length === 1 && nameOf(path[0]!) === "key";
  });
  for (const row of rows) {
    if (row.path.length !== 1) continue;
    try {
      visitRow(nameOf(row.path[0]!), row, visitor);
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error;
      throw new BackupError(`its bucket ${nameOf(row.path[0]!)} holds a row that cannot be read (${error.message})`);
    }
  }
  if (!hasKeys) throw new BackupError("it is a bbolt file, but not one of etcd: it has no bucket of keys");
}

export interface BackupSummary {
  /** As etcdctl shows it: CRC32C of each bucket's name, its keys and its values. */
  readonly hash: number;
  /** Of the newest record. */
  readonly revision: number;
  /** Rows of all buckets. */
  readonly keys: number;
  /** Bytes of the database. */
  readonly size: number;
}

/** Reads the whole file, so that it is known to be sound. @throws BackupError, BoltError */
export function summarize(source: BoltSource): BackupSummary {
  const reader = new BoltReader(source);
  let hash = 0;
  let keys = 0;
  let revision = 0;
  let inKeys = false;
  let hasKeys = false;
  const rows = reader.rows((path) => {
    if (path.length > 1) return;
    hash = crc32c(path[0]!, hash);
    inKeys = decodeUtf8(path[0]!) === "key";
    hasKeys ||= inKeys;
  });
  for (const { path, key, value } of rows) {
    if (path.length > 1) continue;
    hash = crc32c(value, crc32c(key, hash));
    keys += 1;
    if (inKeys) revision = revisionOf(key).main;
  }
  if (!hasKeys) throw new BackupError("it is a bbolt file, but not one of etcd: it has no bucket of keys");
  return { hash, revision, keys, size: reader.size };
}

function visitRow(bucket: string, row: BoltEntry, visitor: BackupVisitor): void {
  const { key, value } = row;
  if (bucket === "key") visitor.record(recordOf(key, value));
  else if (bucket === "lease") visitor.lease(leaseOf(value));
  else if (bucket === "authUsers") visitor.user(userOf(value));
  else if (bucket === "authRoles") visitor.role(roleOf(value));
  else if (bucket === "members") visitor.member(memberIdOf(decodeUtf8(key)));
  else if (bucket === OWN_BUCKET) visitor.own(decodeUtf8(key), value);
  else if (bucket === "auth") {
    const name = decodeUtf8(key);
    if (name === "authEnabled" || name === "authRevision") visitor.auth(name, bigEndian(value));
  } else if (bucket === "meta") {
    const name = decodeUtf8(key);
    if (name === "scheduledCompactRev" || name === "finishedCompactRev") visitor.compacted(revisionOf(value).main);
  }
}

function revisionOf(key: Uint8Array): RevisionKey {
  const revision = decodeRevisionKey(key);
  if (revision === undefined) throw new BackupError("its bucket of keys has a key that is no revision");
  return revision;
}

/** mvccpb.KeyValue */
function recordOf(at: Uint8Array, message: Uint8Array): BackupRecord {
  const record = { ...revisionOf(at), key: at, value: at, createRevision: 0, version: 0, lease: 0n };
  record.key = record.value = message.subarray(0, 0);
  const reader = new ProtobufReader(message);
  while (reader.next()) {
    if (reader.field === 1) record.key = reader.bytes();
    else if (reader.field === 2) record.createRevision = reader.int64();
    else if (reader.field === 4) record.version = reader.int64();
    else if (reader.field === 5) record.value = reader.bytes();
    else if (reader.field === 6) record.lease = reader.int64Exact();
    else reader.skip();
  }
  return record;
}

/** leasepb.Lease{ID=1, TTL=2, RemainingTTL=3} */
function leaseOf(message: Uint8Array): BackupLease {
  const lease = { id: 0n, ttl: 0, remaining: 0 };
  const reader = new ProtobufReader(message);
  while (reader.next()) {
    if (reader.field === 1) lease.id = reader.int64Exact();
    else if (reader.field === 2) lease.ttl = reader.int64();
    else if (reader.field === 3) lease.remaining = reader.int64();
    else reader.skip();
  }
  return { ...lease, remaining: lease.remaining > 0 ? lease.remaining : lease.ttl };
}

/** authpb.User{name=1, password=2, roles=3, options=4 {no_password=1}} */
function userOf(message: Uint8Array): Omit<User, "credentialRevision"> {
  const user = { name: "", passwordHash: "", noPassword: false, roles: [] as string[] };
  const reader = new ProtobufReader(message);
  while (reader.next()) {
    if (reader.field === 1) user.name = reader.string();
    else if (reader.field === 2) user.passwordHash = reader.string();
    else if (reader.field === 3) user.roles.push(reader.string());
    else if (reader.field === 4) user.noPassword = noPasswordOf(reader);
    else reader.skip();
  }
  user.roles.sort();
  return user;
}

function noPasswordOf(reader: ProtobufReader): boolean {
  let noPassword = false;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) noPassword = reader.bool();
    else reader.skip();
  }
  reader.leave(outer);
  return noPassword;
}

/** authpb.Role{name=1, keyPermission=2} */
function roleOf(message: Uint8Array): Role {
  let name = "";
  const permissions: Permission[] = [];
  const reader = new ProtobufReader(message);
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) permissions.push(copied(decodePermission(reader)));
    else reader.skip();
  }
  return { name, permissions };
}

/** The file's pages are not kept. */
function copied(permission: Permission): Permission {
  return { ...permission, key: permission.key.slice(), rangeEnd: permission.rangeEnd.slice() };
}

function memberIdOf(name: string): bigint {
  if (!/^[0-9a-f]{1,16}$/.test(name)) throw new BackupError("its bucket of members names one that has no number");
  return BigInt(`0x${name}`);
}

function bigEndian(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes.subarray(0, 8)) value = value * 256 + byte;
  return value;
}
