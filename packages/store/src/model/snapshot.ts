import { ChunkReader, SnapshotError } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import type { KeyValue } from "./key-value.ts";
import { type KeyObserver, Keyspace } from "./keyspace.ts";
import type { LeaseConfig, LeaseView } from "./leases.ts";
import { Leases } from "./leases.ts";
import { type FrozenLog, subRevisionAfter } from "./revision-log.ts";
import type { StoreState } from "./state.ts";
import { type ClusterTime, NO_LEASE } from "./types.ts";

/**
 * Format 3. Magic; counters and hashes; leases; all records in the order of their writing; a sum of everything before.
 * (Format 1 had another hash of values, and another sum; format 2 did not say which leases had been renewed.)
 * Numbers are varints unless said otherwise.
 *
 *     "SYNODKV" 03
 *     revision, compactedRevision + 1, time, history hash (uint32), live hash (uint32)
 *     number of leases, each: id (int64), ttl (s; if that has a fraction: 0, then ms), expiry (µs), was renewed (1 byte)
 *     number of records, each: flags (1 byte), modRevision - that of the record before,
 *       unless a tombstone: modRevision - createRevision, version; if leased: lease (int64)
 *       if not that of the record before + 1, or 0 in a revision of its own: sub-revision
 *       key length, value length, key, value
 *     CRC32C (uint32)
 */
const MAGIC = Uint8Array.of(0x53, 0x59, 0x4e, 0x4f, 0x44, 0x4b, 0x56, 0x03);
const TOMBSTONE = 1;
const LEASED = 2;
/** Records before it in its revision were compacted away: its sub-revision is stated. */
const NUMBERED = 4;
/** What one step of reading takes: records, or bytes of them. */
const RECORDS_AT_ONCE = 256;
const BYTES_AT_ONCE = 512 * 1024;
/** Far above what a request may carry; bounds what a damaged length can make us allocate. */
const MAX_RECORD = 64 * 1024 * 1024;

export interface FrozenState {
  readonly revision: number;
  readonly compactedRevision: number;
  readonly time: ClusterTime;
  readonly historyHash: number;
  readonly liveHash: number;
  readonly leaseCount: number;
  readonly leases: LeaseView;
  readonly log: FrozenLog;
}

/** O(1): shares everything with the living state, which copies what it changes from now on. */
export function freeze({ keyspace, leases }: StoreState, time: ClusterTime): FrozenState {
  return {
    revision: keyspace.revision,
    compactedRevision: keyspace.compactedRevision,
    time,
    historyHash: keyspace.hash.history,
    liveHash: keyspace.hash.live,
    leaseCount: leases.count,
    leases: leases.freeze(),
    log: keyspace.log.freeze(),
  };
}

/** In chunks of at most 64 KiB; each step does the work of one chunk. */
export function* writeSnapshot(state: FrozenState): Generator<Uint8Array, undefined, undefined> {
  const writer = new ChunkWriter();
  writer.bytes(MAGIC, 0, MAGIC.length);
  writer.varint(state.revision);
  writer.varint(state.compactedRevision + 1);
  writer.varint(state.time);
  writer.uint32(state.historyHash);
  writer.uint32(state.liveHash);
  writer.varint(state.leaseCount);
  const leases = state.leases.cursor();
  for (leases.seekFirst(); leases.entry !== undefined; leases.next()) {
    writer.int64(leases.entry.id);
    writeTtl(writer, leases.entry.ttl);
    writer.varint(leases.entry.expiry);
    writer.byte(leases.entry.isRenewed ? 1 : 0);
    yield* writer.takeFull();
  }
  writer.varint(state.log.length);
  let before: KeyValue | undefined;
  for (const record of state.log.records()) {
    writeRecord(writer, record, before);
    before = record;
    yield* writer.takeFull();
  }
  yield* writer.finish();
}

function writeTtl(writer: ChunkWriter, ttl: number): void {
  if (Number.isInteger(ttl)) return writer.varint(ttl);
  writer.varint(0);
  writer.varint(Math.round(ttl * 1000));
}

function readTtl(reader: ChunkReader): number {
  const seconds = reader.varint();
  return seconds === 0 ? reader.varint() / 1000 : seconds;
}

function writeRecord(writer: ChunkWriter, record: KeyValue, before: KeyValue | undefined): void {
  const leased = record.lease !== NO_LEASE;
  const numbered = record.sub !== subRevisionAfter(before, record.modRevision);
  writer.byte((record.isTombstone ? TOMBSTONE : 0) | (leased ? LEASED : 0) | (numbered ? NUMBERED : 0));
  writer.varint(record.modRevision - (before?.modRevision ?? 0));
  if (!record.isTombstone) {
    writer.varint(record.modRevision - record.createRevision);
    writer.varint(record.version);
  }
  if (leased) writer.int64(record.lease);
  if (numbered) writer.varint(record.sub);
  writer.varint(record.keyLength);
  writer.varint(record.valueLength);
  const { bytes } = record.slab;
  if (record.gap === 0) return writer.bytes(bytes, record.offset, record.keyLength + record.valueLength);
  writer.bytes(bytes, record.offset, record.keyLength);
  writer.bytes(bytes, record.valueOffset, record.valueLength);
}

export interface RestoredState extends StoreState {
  readonly time: ClusterTime;
}

/**
 * Reads a snapshot in steps: each does the work of a few hundred records, the last one gives the state. The state keeps the
 * chunks: whoever gives them away may not change them any more.
 * @param now if given, cluster time begins there, as in a new cluster made from an old one's snapshot: leases keep what
 *   remained to them.
 * @param observer is told of every record from the first on.
 * @throws SnapshotError
 */
export function* readSnapshot(
  chunks: Iterable<Uint8Array>,
  config: LeaseConfig,
  now?: ClusterTime,
  observer?: KeyObserver,
): Generator<undefined, RestoredState, undefined> {
  const reader = new ChunkReader(chunks);
  for (const byte of MAGIC) {
    if (reader.byte() !== byte) throw new SnapshotError("unknownFormat", "it does not begin as a store's snapshot");
  }
  const keyspace = new Keyspace();
  keyspace.observer = observer;
  const leases = new Leases(config);
  const revision = reader.varint();
  const compactedRevision = reader.varint() - 1;
  const savedTime = reader.varint();
  const history = reader.uint32() | 0;
  const live = reader.uint32() | 0;
  const time = now ?? savedTime;
  for (let left = reader.varint(); left > 0; left -= 1) {
    const id = reader.int64();
    const ttl = readTtl(reader);
    const expiry = Math.min(reader.varint() - savedTime + time, Number.MAX_SAFE_INTEGER);
    leases.restore(id, ttl, expiry, reader.byte() !== 0);
  }
  const records = { left: reader.varint(), last: 0 };
  while (records.left > 0) {
    yield;
    readRecords(reader, keyspace, records);
  }
  reader.finish();
  keyspace.restored(revision, compactedRevision, history);
  if (records.last > revision) throw new SnapshotError("corrupt", "a record is newer than the snapshot's revision");
  if (keyspace.hash.live !== live) throw new SnapshotError("corrupt", "its keys do not have the hash it states");
  yield* attachAll(keyspace, leases);
  return { keyspace, leases, time };
}

/** @param records how many are left, and the main revision of the last one read */
function readRecords(reader: ChunkReader, keyspace: Keyspace, records: { left: number; last: number }): void {
  const end = Math.max(0, records.left - RECORDS_AT_ONCE);
  let modRevision = records.last;
  for (let bytes = 0; records.left > end && bytes < BYTES_AT_ONCE; records.left -= 1) {
    const flags = reader.byte();
    modRevision += reader.varint();
    let createRevision = 0;
    let version = 0;
    if ((flags & TOMBSTONE) === 0) {
      createRevision = modRevision - reader.varint();
      version = reader.varint();
      if (version === 0) throw new SnapshotError("corrupt", "a record has no version");
    }
    const lease = (flags & LEASED) === 0 ? NO_LEASE : reader.int64();
    const sub = (flags & NUMBERED) === 0 ? undefined : reader.varint();
    const keyLength = reader.varint();
    const valueLength = reader.varint();
    if (keyLength === 0) throw new SnapshotError("corrupt", "a record has no key");
    const size = keyLength + valueLength;
    if (size > MAX_RECORD) throw new SnapshotError("corrupt", `a record of ${size} bytes`);
    // Only a record that lies in two chunks is copied; the others stay where they are.
    const whole = reader.holds(size);
    const place = whole ? reader.chunk : reader.bytes(size);
    const offset = whole ? reader.at : 0;
    keyspace.restore(place, offset, keyLength, valueLength, createRevision, modRevision, version, lease);
    if (sub !== undefined) keyspace.log.last!.sub = sub;
    if (whole) reader.skip(size);
    bytes += size;
  }
  records.last = modRevision;
}

function* attachAll(keyspace: Keyspace, leases: Leases): Generator<undefined, void, undefined> {
  const cursor = keyspace.index.cursor().skipWeightless();
  let visited = 0;
  for (cursor.seekFirst(); cursor.entry !== undefined; cursor.next()) {
    const history = cursor.entry;
    const { lease } = history.latest;
    visited += 1;
    if (visited % RECORDS_AT_ONCE === 0) yield;
    if (lease === NO_LEASE) continue;
    if (leases.get(lease) === undefined)
      throw new SnapshotError("corrupt", `a key is attached to unknown lease ${lease}`);
    leases.attach(lease, history);
  }
}
