/** `etcdserverpb.Watch`. */
import { ProtobufReader } from "@synod/wire/protobuf";
import type { KeyRange } from "../bytes.ts";
import { encode, KeyValue, NO_HEADER, nested, type ResponseHeader, readHeader, readKeyValue } from "./common.ts";

export interface WatchEvent {
  readonly type: "put" | "delete";
  /** Of a delete: the key, and the revision of the delete as `modRevision`. */
  readonly kv: KeyValue;
  /** What the key held before, if asked for and not compacted. */
  readonly previous: KeyValue | undefined;
}

export interface WatchCreate {
  readonly range: KeyRange;
  /** The first revision of interest; 0: from now on. */
  readonly startRevision: number;
  readonly previous: boolean;
  readonly only: "puts" | "deletes" | undefined;
}

export interface WatchResponse {
  readonly header: ResponseHeader;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Set when the watch was cancelled because what it asked for is compacted: the first revision still there. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly events: readonly WatchEvent[];
}

const NOPUT = 0;
const NODELETE = 1;

export function encodeWatchCreate(create: WatchCreate): Uint8Array {
  return encode((writer) => {
    const mark = writer.begin(1);
    writer.bytes(1, create.range.key);
    writer.bytes(2, create.range.rangeEnd);
    writer.varint(3, create.startRevision);
    writer.bool(4, true); // progress, so that a quiet watch resumes near the present
    if (create.only === "deletes") writer.alwaysVarint(5, NOPUT);
    if (create.only === "puts") writer.alwaysVarint(5, NODELETE);
    writer.bool(6, create.previous);
    writer.end(mark);
  });
}

export function decodeWatchResponse(bytes: Uint8Array): WatchResponse {
  const events: WatchEvent[] = [];
  const response = { header: NO_HEADER, created: false, canceled: false, compactRevision: 0, cancelReason: "", events };
  const reader = new ProtobufReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) response.header = readHeader(reader);
    else if (reader.field === 3) response.created = reader.bool();
    else if (reader.field === 4) response.canceled = reader.bool();
    else if (reader.field === 5) response.compactRevision = reader.int64();
    else if (reader.field === 6) response.cancelReason = reader.string();
    else if (reader.field === 11) events.push(readEvent(reader));
    else reader.skip();
  }
  return response;
}

function readEvent(reader: ProtobufReader): WatchEvent {
  let type: WatchEvent["type"] = "put";
  let kv = new KeyValue();
  let previous: KeyValue | undefined;
  nested(reader, () => {
    if (reader.field === 1) type = reader.int32() === 1 ? "delete" : "put";
    else if (reader.field === 2) kv = readKeyValue(reader);
    else if (reader.field === 3) previous = readKeyValue(reader);
    else reader.skip();
  });
  return { type, kv, previous };
}
