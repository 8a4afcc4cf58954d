import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { decodeHeader, emptyHeader, type HeaderWriter, type ResponseHeader } from "./header.ts";
import { type DecodedEvent, decodeEvent } from "./key-value.ts";

export const FilterType = { NOPUT: 0, NODELETE: 1 } as const;

export interface WatchCreateRequest {
  type: "create";
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: number;
  progressNotify: boolean;
  filters: number[];
  prevKv: boolean;
  /** 0: the server chooses. */
  watchId: number;
  fragment: boolean;
}

export type WatchRequest =
  | WatchCreateRequest
  | { type: "cancel"; watchId: number }
  | { type: "progress" }
  | { type: "none" };

export interface DecodedWatchResponse {
  header: ResponseHeader;
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: DecodedEvent[];
}

/** Field number of the events in a WatchResponse. */
export const EVENTS = 11;

/** Reads to the end of the message. Key and range end are views. */
export function decodeWatchRequest(reader: ProtobufReader): WatchRequest {
  let request: WatchRequest = { type: "none" };
  while (reader.next()) {
    const { field } = reader;
    if (field < 1 || field > 3) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    if (field === 1) request = decodeCreate(reader);
    else if (field === 2) request = { type: "cancel", watchId: decodeWatchId(reader) };
    else request = { type: "progress" };
    reader.leave(outer);
  }
  return request;
}

function decodeCreate(reader: ProtobufReader): WatchCreateRequest {
  const request: WatchCreateRequest = {
    type: "create",
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
  while (reader.next()) {
    if (reader.field === 1) request.key = reader.bytes();
    else if (reader.field === 2) request.rangeEnd = reader.bytes();
    else if (reader.field === 3) request.startRevision = reader.int64();
    else if (reader.field === 4) request.progressNotify = reader.bool();
    else if (reader.field === 5) reader.repeatedInt32(request.filters);
    else if (reader.field === 6) request.prevKv = reader.bool();
    else if (reader.field === 7) request.watchId = reader.int64();
    else if (reader.field === 8) request.fragment = reader.bool();
    else reader.skip();
  }
  return request;
}

function decodeWatchId(reader: ProtobufReader): number {
  let watchId = 0;
  while (reader.next()) {
    if (reader.field === 1) watchId = reader.int64();
    else reader.skip();
  }
  return watchId;
}

export function encodeWatchRequest(writer: ProtobufWriter, request: WatchRequest): void {
  if (request.type === "none") return;
  const mark = writer.begin(request.type === "create" ? 1 : request.type === "cancel" ? 2 : 3);
  if (request.type === "create") encodeCreate(writer, request);
  else if (request.type === "cancel") writer.varint(1, request.watchId);
  writer.end(mark);
}

function encodeCreate(writer: ProtobufWriter, request: WatchCreateRequest): void {
  writer.bytes(1, request.key);
  writer.bytes(2, request.rangeEnd);
  writer.varint(3, request.startRevision);
  writer.bool(4, request.progressNotify);
  for (const filter of request.filters) writer.alwaysVarint(5, filter);
  writer.bool(6, request.prevKv);
  writer.varint(7, request.watchId);
  writer.bool(8, request.fragment);
}

/** How a watch's response begins; events follow it, encoded under the number `EVENTS`. */
export function encodeWatchStart(
  writer: ProtobufWriter,
  header: HeaderWriter,
  revision: number,
  watchId: number,
): void {
  header.write(writer, revision);
  writer.varint(2, watchId);
}

export function encodeWatchCreated(writer: ProtobufWriter): void {
  writer.bool(3, true);
}

export function encodeWatchCanceled(writer: ProtobufWriter, compactRevision: number, reason: string): void {
  writer.bool(4, true);
  writer.varint(5, compactRevision);
  writer.string(6, reason);
}

/** More fragments of the same revisions follow. */
export function encodeWatchFragment(writer: ProtobufWriter): void {
  writer.bool(7, true);
}

/** Reads to the end of the message. */
export function decodeWatchResponse(reader: ProtobufReader): DecodedWatchResponse {
  const response: DecodedWatchResponse = {
    header: emptyHeader(),
    watchId: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
  };
  while (reader.next()) {
    if (reader.field === 1) response.header = decodeHeader(reader);
    else if (reader.field === 2) response.watchId = reader.int64();
    else if (reader.field === 3) response.created = reader.bool();
    else if (reader.field === 4) response.canceled = reader.bool();
    else if (reader.field === 5) response.compactRevision = reader.int64();
    else if (reader.field === 6) response.cancelReason = reader.string();
    else if (reader.field === 7) response.fragment = reader.bool();
    else if (reader.field === EVENTS) response.events.push(decodeEvent(reader));
    else reader.skip();
  }
  return response;
}
