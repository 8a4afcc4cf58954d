import type { BoltBucket } from "@synod/wire/bolt/writer";
import { crc32c } from "@synod/wire/crc32c";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { HashedRecords } from "../model/hash-kv.ts";
import { writeRecord, writeRevisionKey } from "./records.ts";

/** Bytes that are collected before they are summed: many short runs cost more than one long one. */
const COLLECTED = 32 << 10;
const KEY_BUCKET = encodeUtf8("key");

/** etcd's HashKV: CRC32C of "key", then of each record's revision key and message. A step is a few records. */
export function* hashRecords(hashed: HashedRecords): Generator<undefined, number, undefined> {
  const writer = new ProtobufWriter(COLLECTED * 2);
  let hash = crc32c(KEY_BUCKET);
  for (const record of hashed.records()) {
    if (record !== undefined) {
      writeRevisionKey(writer, record);
      writeRecord(writer, record);
    }
    if (writer.position >= COLLECTED) {
      hash = crc32c(writer.buffer, hash, 0, writer.position);
      writer.reset();
    }
    yield;
  }
  return crc32c(writer.buffer, hash, 0, writer.position);
}

/** etcd's Hash: CRC32C of each bucket's name, its keys and its values. A step is one row. */
export function* hashBuckets(buckets: readonly BoltBucket[]): Generator<undefined, number, undefined> {
  let hash = 0;
  for (const bucket of buckets) {
    hash = crc32c(bucket.name, hash);
    for (const { key, value } of bucket.rows()) {
      hash = crc32c(value, crc32c(key, hash));
      yield;
    }
  }
  return hash;
}
