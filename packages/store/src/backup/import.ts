import type { BoltSource } from "@synod/wire/bolt/reader";
import { ProtobufReader } from "@synod/wire/protobuf";
import { encodeAreas } from "../area-snapshot.ts";
import { createStoreMachine, type StoreAreas } from "../machine.ts";
import type { Role, User } from "../model/auth/types.ts";
import { StoreError } from "../model/errors.ts";
import { Keyspace } from "../model/keyspace.ts";
import { Leases, MAX_LEASE_TTL } from "../model/leases.ts";
import { SLAB_SIZE } from "../model/slab.ts";
import { freeze, writeSnapshot } from "../model/snapshot.ts";
import { NO_LEASE } from "../model/types.ts";
import { BackupError, type BackupLease, type BackupRecord, type BackupVisitor, visitBackup } from "./backend-reader.ts";
import { areaOf } from "./buckets.ts";

const MICROSECONDS = 1_000_000;
/** etcd's minimum; leases of the file were granted by its own. */
const MIN_LEASE_TTL = 1;

export interface ImportOptions {
  /** Added to the newest revision, so that whatever the old cluster did after the snapshot lies below it. */
  readonly bumpRevision: number;
  /** Everything up to the resulting revision counts as compacted: watches that stand in the past are told so. */
  readonly markCompacted: boolean;
}

/** What was read, and the same as a snapshot of the store's machine. */
export interface Imported {
  readonly revision: number;
  readonly compactedRevision: number;
  readonly keys: number;
  readonly leases: number;
  readonly users: number;
  readonly roles: number;
  /** Of the cluster that the file comes from. */
  readonly members: readonly bigint[];
  /** May be asked for several times. */
  chunks(): Iterable<Uint8Array>;
}

/**
 * Reads the file of an etcd backend into a state of its own: keys with their history, leases with what remained to them,
 * users and roles. Members and alarms stay behind: a new cluster has new ones.
 *
 * @throws BackupError, BoltError
 */
export function importBackend(source: BoltSource, options: ImportOptions): Imported {
  const { machine, areas } = createStoreMachine();
  const state = new ImportedState(areas);
  visitBackup(source, state);
  const { keyspace, leases } = state;
  state.finish(options);
  areas.auth.users.restore(state.authEnabled, Math.max(1, state.authRevision), state.users, state.roles);
  return {
    revision: keyspace.revision,
    compactedRevision: keyspace.compactedRevision,
    keys: keyspace.keyCount,
    leases: leases.count,
    users: state.users.length,
    roles: state.roles.length,
    members: state.members,
    *chunks() {
      yield encodeAreas(machine.areas);
      yield* writeSnapshot(freeze({ keyspace, leases }, 0));
    },
  };
}

class ImportedState implements BackupVisitor {
  readonly keyspace: Keyspace = new Keyspace();
  readonly leases: Leases = new Leases({ minLeaseTtl: MIN_LEASE_TTL });
  readonly users: User[] = [];
  readonly roles: Role[] = [];
  readonly members: bigint[] = [];
  authEnabled = false;
  authRevision = 1;
  readonly #areas: StoreAreas;
  #revision = 1;
  #compacted = -1;
  /** Where keys and values are put, one after the other. */
  #slab = new Uint8Array(SLAB_SIZE);
  #used = 0;

  constructor(areas: StoreAreas) {
    this.#areas = areas;
  }

  record(record: BackupRecord): void {
    const { main, sub, isTombstone, key, value, createRevision, version, lease } = record;
    this.#revision = Math.max(this.#revision, main);
    // What raises the revision of a restored etcd is a record of nothing.
    if (key.length === 0) return;
    if (!isTombstone && (version < 1 || createRevision < 1 || createRevision > main)) {
      throw new BackupError(`its record of revision ${main} has an impossible version or creation`);
    }
    const offset = this.#place(key, value);
    const { keyspace } = this;
    const bytes = this.#slab;
    if (isTombstone) keyspace.restore(bytes, offset, key.length, 0, 0, main, 0, NO_LEASE);
    else keyspace.restore(bytes, offset, key.length, value.length, createRevision, main, version, lease);
    keyspace.log.last!.sub = sub;
  }

  lease({ id, ttl, remaining }: BackupLease): void {
    if (id === NO_LEASE || ttl < 0 || ttl > MAX_LEASE_TTL) throw new BackupError("it holds a lease that cannot be");
    this.leases.restore(id, ttl, Math.min(remaining * MICROSECONDS, Number.MAX_SAFE_INTEGER));
  }

  user(user: Omit<User, "credentialRevision">): void {
    this.users.push({ ...user, credentialRevision: 0 });
  }

  role(role: Role): void {
    this.roles.push(role);
  }

  auth(name: "authEnabled" | "authRevision", value: number): void {
    if (name === "authEnabled") this.authEnabled = value === 1;
    else this.authRevision = value;
  }

  compacted(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
  }

  member(id: bigint): void {
    this.members.push(id);
  }

  own(key: string, value: Uint8Array): void {
    const area = areaOf(this.#areas, key);
    if (area === undefined) throw new BackupError(`it holds ${key} of a newer version: restore it with that one`);
    area.decode(new ProtobufReader(value.slice()))();
  }

  /** Counts, and whether keys and leases go together. @throws BackupError */
  finish({ bumpRevision, markCompacted }: ImportOptions): void {
    const { keyspace, leases } = this;
    const revision = Math.max(this.#revision, this.#compacted) + bumpRevision;
    if (!Number.isSafeInteger(revision))
      throw new BackupError(`its revision would become ${revision}: raise it by less`);
    keyspace.restored(revision, markCompacted ? revision : this.#compacted, keyspace.hash.history);
    const cursor = keyspace.index.cursor().skipWeightless();
    for (cursor.seekFirst(); cursor.entry !== undefined; cursor.next()) {
      const { lease } = cursor.entry.latest;
      try {
        if (lease !== NO_LEASE) leases.require(lease);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        throw new BackupError(`one of its keys is attached to lease ${lease.toString(16)}, which is not in it`);
      }
    }
  }

  /** @returns where key and value lie in `#slab` now. */
  #place(key: Uint8Array, value: Uint8Array): number {
    const size = key.length + value.length;
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(SLAB_SIZE, size));
      this.#used = 0;
    }
    const offset = this.#used;
    this.#slab.set(key, offset);
    this.#slab.set(value, offset + key.length);
    this.#used += size;
    return offset;
  }
}
