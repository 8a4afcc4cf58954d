/**
 * The client's side of etcd's messages: encodes what it asks, decodes what it is told (field numbers: `etcdserverpb`,
 * `mvccpb`). Unknown fields are stepped over.
 */
import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { NO_BYTES, toText } from "../bytes.ts";

/** Who answered, and as of when. */
export interface ResponseHeader {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The store's revision when the answer was made. */
  readonly revision: number;
  readonly raftTerm: number;
}

/** A key with its value and history. Revisions and versions count from 1. */
export class KeyValue {
  key: Uint8Array = NO_BYTES;
  value: Uint8Array = NO_BYTES;
  /** The revision of the put that made the key. */
  createRevision = 0;
  /** The revision of its last put. */
  modRevision = 0;
  /** Puts since it was made. */
  version = 0;
  /** The lease that it lives with; 0n: it lives by itself. */
  lease = 0n;

  get keyText(): string {
    return toText(this.key);
  }
  get valueText(): string {
    return toText(this.value);
  }
}

/** Encodes one message. The writer is shared: nothing may keep it. */
export function encode(fields: (writer: ProtobufWriter) => void): Uint8Array {
  writer.reset();
  fields(writer);
  return writer.finish();
}

const writer = new ProtobufWriter(1024);

/** Decodes one message: `field` reads the field at hand, or calls `reader.skip()`. */
export function decode(bytes: Uint8Array, field: (reader: ProtobufReader) => void): void {
  const reader = new ProtobufReader(bytes);
  while (reader.next()) field(reader);
}

/** Reads the nested message at hand with the same kind of callback. */
export function nested(reader: ProtobufReader, field: (reader: ProtobufReader) => void): void {
  const outer = reader.enter();
  while (reader.next()) field(reader);
  reader.leave(outer);
}

export function readHeader(reader: ProtobufReader): ResponseHeader {
  const header = { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) header.clusterId = reader.uint64Exact();
    else if (reader.field === 2) header.memberId = reader.uint64Exact();
    else if (reader.field === 3) header.revision = reader.int64();
    else if (reader.field === 4) header.raftTerm = reader.uint64();
    else reader.skip();
  }
  reader.leave(outer);
  return header;
}

export function readKeyValue(reader: ProtobufReader): KeyValue {
  const kv = new KeyValue();
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) kv.key = reader.bytes();
    else if (reader.field === 2) kv.createRevision = reader.int64();
    else if (reader.field === 3) kv.modRevision = reader.int64();
    else if (reader.field === 4) kv.version = reader.int64();
    else if (reader.field === 5) kv.value = reader.bytes();
    else if (reader.field === 6) kv.lease = reader.int64Exact();
    else reader.skip();
  }
  reader.leave(outer);
  return kv;
}

export const NO_HEADER: ResponseHeader = { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };
