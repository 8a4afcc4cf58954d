import type { BoltBucket, BoltRow } from "@synod/wire/bolt/writer";
import { compare } from "@synod/wire/bytes";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodePermission } from "../api/auth.ts";
import type { Member } from "../api/cluster.ts";
import type { Area } from "../area.ts";
import type { StoreAreas } from "../machine.ts";
import { boundOf, type Lease } from "../model/leases.ts";
import type { FrozenState } from "../model/snapshot.ts";
import { encodeInt64, encodeRevisionKey, keyOf, recordLength, revisionKeyLength, writeRecord } from "./records.ts";

/** Where in the log the state stands, and whose it is. */
export interface Origin {
  readonly index: number;
  readonly term: number;
  readonly members: readonly Member[];
}

const MICROSECONDS = 1_000_000;

/** What etcd knows nothing of; it keeps the bucket and does not look at it. A row for each area: its id, what it wrote. */
export const OWN_BUCKET = "synod";
const OWN_AREA = "area/";

/** The areas that go with the data into another cluster and have no place in etcd's buckets. */
export function ownAreas({ limits }: StoreAreas): readonly Area[] {
  return [limits];
}

/** @returns the area of a row of the own bucket; undefined: a newer version's. */
export function areaOf(areas: StoreAreas, key: string): Area | undefined {
  return ownAreas(areas).find(({ id }) => key === OWN_AREA + id);
}

/**
 * The state as etcd keeps it (`server/storage/schema`): buckets of rows, in order. Everything but the keys and leases is
 * copied now; those are frozen, and read when their rows are asked for.
 */
export function backendBuckets(state: FrozenState, areas: StoreAreas, origin: Origin): BoltBucket[] {
  return [
    smallBucket("alarm", alarmRows(areas)),
    smallBucket("auth", authRows(areas)),
    smallBucket("authRoles", roleRows(areas)),
    smallBucket("authUsers", userRows(areas)),
    smallBucket("cluster", clusterRows(areas)),
    keyBucket(state),
    leaseBucket(state),
    smallBucket("members", memberRows(origin.members)),
    smallBucket("members_removed", []),
    smallBucket("meta", metaRows(state, origin)),
    smallBucket(OWN_BUCKET, ownRows(areas)),
  ];
}

/** The same without what differs between members that hold the same (etcd's `DefaultIgnores`). */
export function comparableBuckets(state: FrozenState, areas: StoreAreas, origin: Origin): BoltBucket[] {
  return backendBuckets(state, areas, origin).filter(({ name }) => compare(name, META) !== 0);
}

const META = encodeUtf8("meta");

function smallBucket(name: string, rows: BoltRow[]): BoltBucket {
  rows.sort((a, b) => compare(a.key, b.key));
  return {
    name: encodeUtf8(name),
    rows: () => rows,
    lengths: () => rows.map(({ key, value }) => ({ keyLength: key.length, valueLength: value.length })),
  };
}

/**
 * Where the revision was raised above that of the last record, a record of nothing says so, as etcd's own tools write it:
 * an etcd that is restored from the file would begin too low otherwise.
 */
function keyBucket({ log, revision }: FrozenState): BoltBucket {
  return {
    name: encodeUtf8("key"),
    *rows() {
      const writer = new ProtobufWriter(4096);
      let last = 1;
      for (const record of log.records()) {
        last = record.modRevision;
        writer.reset();
        writeRecord(writer, record);
        yield { key: keyOf(record), value: writer.view() };
      }
      if (last === revision) return;
      yield { key: encodeRevisionKey({ main: revision, sub: 0, isTombstone: false }), value: new Uint8Array(0) };
    },
    *lengths() {
      const lengths = { keyLength: 0, valueLength: 0 };
      let last = 1;
      for (const record of log.records()) {
        last = record.modRevision;
        lengths.keyLength = revisionKeyLength(record.isTombstone);
        lengths.valueLength = recordLength(record);
        yield lengths;
      }
      if (last !== revision) yield { keyLength: revisionKeyLength(false), valueLength: 0 };
    },
  };
}

/** leasepb.Lease{ID=1, TTL=2, RemainingTTL=3}. Their keys order ids as if they had no sign: negative ones come last. */
function leaseBucket({ leases, time }: FrozenState): BoltBucket {
  function* inOrder(): Generator<Lease> {
    const cursor = leases.cursor();
    for (cursor.seek(0n); cursor.entry !== undefined; cursor.next()) yield cursor.entry;
    const negative = leases.cursor();
    negative.seekFirst();
    for (; negative.entry !== undefined && negative.entry.id < 0n; negative.next()) yield negative.entry;
  }
  function* rows(): Generator<BoltRow> {
    const writer = new ProtobufWriter(64);
    for (const lease of inOrder()) {
      const { id, ttl } = lease;
      const remaining = Math.max(1, Math.ceil((boundOf(lease) - time) / MICROSECONDS));
      writer.reset();
      writer.varint(1, id);
      writer.varint(2, ttl);
      if (remaining < ttl) writer.varint(3, remaining);
      yield { key: encodeInt64(id), value: writer.view() };
    }
  }
  return {
    name: encodeUtf8("lease"),
    rows,
    *lengths() {
      for (const { key, value } of rows()) yield { keyLength: key.length, valueLength: value.length };
    },
  };
}

function alarmRows({ alarms }: StoreAreas): BoltRow[] {
  return alarms.alarms.list().map(({ memberId, alarm }) => {
    const key = encoded((writer) => {
      writer.varint(1, memberId);
      writer.varint(2, alarm);
    });
    return { key, value: new Uint8Array(0) };
  });
}

function authRows({ auth }: StoreAreas): BoltRow[] {
  return [
    { key: encodeUtf8("authEnabled"), value: Uint8Array.of(auth.users.enabled ? 1 : 0) },
    { key: encodeUtf8("authRevision"), value: encodeInt64(auth.users.revision) },
  ];
}

/** authpb.User{name=1, password=2, roles=3, options=4 {no_password=1}} */
function userRows({ auth }: StoreAreas): BoltRow[] {
  return auth.users.userNames().map((name) => {
    const { passwordHash, roles, noPassword } = auth.users.requireUser(name);
    const value = encoded((writer) => {
      writer.string(1, name);
      writer.string(2, passwordHash);
      for (const role of roles) writer.string(3, role);
      const options = writer.begin(4);
      writer.bool(1, noPassword);
      writer.end(options);
    });
    return { key: encodeUtf8(name), value };
  });
}

/** authpb.Role{name=1, keyPermission=2} */
function roleRows({ auth }: StoreAreas): BoltRow[] {
  return auth.users.roleNames().map((name) => {
    const value = encoded((writer) => {
      writer.string(1, name);
      for (const permission of auth.users.requireRole(name).permissions) encodePermission(writer, 2, permission);
    });
    return { key: encodeUtf8(name), value };
  });
}

function clusterRows({ version }: StoreAreas): BoltRow[] {
  const enabled = version.downgradeTarget !== "";
  const downgrade = { "target-version": version.downgradeTarget, enabled };
  return [
    { key: encodeUtf8("clusterVersion"), value: encodeUtf8(version.clusterVersion) },
    ...(enabled ? [{ key: encodeUtf8("downgrade"), value: encodeUtf8(JSON.stringify(downgrade)) }] : []),
  ];
}

/** As Go's encoding/json writes membership.Member: an id is a number of 64 bits, which JavaScript's JSON has not. */
function memberRows(members: readonly Member[]): BoltRow[] {
  return members.map(({ id, name, peerURLs, clientURLs, isLearner }) => {
    const learner = isLearner ? ',"isLearner":true' : "";
    const rest = `"peerURLs":${JSON.stringify(peerURLs)}${learner},"name":${JSON.stringify(name)}`;
    const value = `{"id":${id},${rest},"clientURLs":${JSON.stringify(clientURLs)}}`;
    return { key: encodeUtf8(id.toString(16)), value: encodeUtf8(value) };
  });
}

/** etcd removes by itself what a scheduled compaction has not removed yet. */
function metaRows({ compactedRevision }: FrozenState, { index, term, members }: Origin): BoltRow[] {
  const voters = members.filter(({ isLearner }) => !isLearner).map(({ id }) => id);
  const learners = members.filter(({ isLearner }) => isLearner).map(({ id }) => id);
  const others = learners.length === 0 ? "" : `,"learners":[${learners.join(",")}]`;
  const rows: BoltRow[] = [
    { key: encodeUtf8("confState"), value: encodeUtf8(`{"voters":[${voters.join(",")}]${others},"auto_leave":false}`) },
    { key: encodeUtf8("consistent_index"), value: encodeInt64(index) },
    { key: encodeUtf8("term"), value: encodeInt64(term) },
  ];
  if (compactedRevision < 0) return rows;
  const revision = encodeRevisionKey({ main: compactedRevision, sub: 0, isTombstone: false });
  return [...rows, { key: encodeUtf8("scheduledCompactRev"), value: revision }];
}

function ownRows(areas: StoreAreas): BoltRow[] {
  return ownAreas(areas).map((area) => ({
    key: encodeUtf8(OWN_AREA + area.id),
    value: encoded((writer) => area.encode(writer)),
  }));
}

function encoded(write: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter(64);
  write(writer);
  return writer.finish();
}
