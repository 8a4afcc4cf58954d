import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { Compare, RequestOp, ResponseOp, TxnRequest, TxnResponse } from "../model/types.ts";
import { decodeCompare, encodeCompare } from "./compare.ts";
import {
  type DecodedDeleteRangeResponse,
  decodeDeleteRangeRequest,
  decodeDeleteRangeResponse,
  encodeDeleteRangeRequest,
  encodeDeleteRangeResponse,
} from "./delete-range.ts";
import { decodeHeader, emptyHeader, encodeNestedHeader, type ResponseHeader } from "./header.ts";
import {
  type DecodedPutResponse,
  decodePutRequest,
  decodePutResponse,
  encodePutRequest,
  encodePutResponse,
  PutRequestFields,
} from "./put.ts";
import {
  type DecodedRangeResponse,
  decodeRangeRequest,
  decodeRangeResponse,
  encodeRangeRequest,
  encodeRangeResponse,
  RangeRequestFields,
} from "./range.ts";

const RANGE = 1;
const PUT = 2;
const DELETE_RANGE = 3;
const TXN = 4;

export type DecodedResponseOp =
  | { type: "range"; response: DecodedRangeResponse }
  | { type: "put"; response: DecodedPutResponse }
  | { type: "deleteRange"; response: DecodedDeleteRangeResponse }
  | { type: "txn"; response: DecodedTxnResponse };

export interface DecodedTxnResponse {
  header: ResponseHeader;
  succeeded: boolean;
  responses: DecodedResponseOp[];
}

/** Reads to the end of the message. Keys and values are views. */
export function decodeTxnRequest(reader: ProtobufReader): TxnRequest {
  const compare: Compare[] = [];
  const success: RequestOp[] = [];
  const failure: RequestOp[] = [];
  while (reader.next()) {
    if (reader.field === 1) compare.push(decodeCompare(reader));
    else if (reader.field === 2) success.push(decodeRequestOp(reader));
    else if (reader.field === 3) failure.push(decodeRequestOp(reader));
    else reader.skip();
  }
  return { compare, success, failure };
}

function decodeRequestOp(reader: ProtobufReader): RequestOp {
  let op: RequestOp = { type: "none" };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field < RANGE || reader.field > TXN) {
      reader.skip();
      continue;
    }
    const { field } = reader;
    const inner = reader.enter();
    op = decodeRequest(reader, field);
    reader.leave(inner);
  }
  reader.leave(outer);
  return op;
}

function decodeRequest(reader: ProtobufReader, field: number): RequestOp {
  if (field === RANGE) {
    const request = new RangeRequestFields();
    decodeRangeRequest(reader, request);
    return { type: "range", request };
  }
  if (field === PUT) {
    const request = new PutRequestFields();
    decodePutRequest(reader, request);
    return { type: "put", request };
  }
  if (field === DELETE_RANGE) return { type: "deleteRange", request: decodeDeleteRangeRequest(reader) };
  return { type: "txn", request: decodeTxnRequest(reader) };
}

export function encodeTxnRequest(writer: ProtobufWriter, request: TxnRequest): void {
  for (const compare of request.compare ?? []) encodeCompare(writer, 1, compare);
  for (const op of request.success ?? []) encodeRequestOp(writer, 2, op);
  for (const op of request.failure ?? []) encodeRequestOp(writer, 3, op);
}

const FIELD_OF = { range: RANGE, put: PUT, deleteRange: DELETE_RANGE, txn: TXN } as const;

function encodeRequestOp(writer: ProtobufWriter, field: number, op: RequestOp): void {
  const outer = writer.begin(field);
  if (op.type !== "none") {
    const inner = writer.begin(FIELD_OF[op.type]);
    if (op.type === "range") encodeRangeRequest(writer, op.request);
    else if (op.type === "put") encodePutRequest(writer, op.request);
    else if (op.type === "deleteRange") encodeDeleteRangeRequest(writer, op.request);
    else encodeTxnRequest(writer, op.request);
    writer.end(inner);
  }
  writer.end(outer);
}

/** What follows the header. */
export function encodeTxnResponse(writer: ProtobufWriter, response: TxnResponse): void {
  writer.bool(2, response.succeeded);
  for (const op of response.responses) encodeResponseOp(writer, op);
}

function encodeResponseOp(writer: ProtobufWriter, op: ResponseOp): void {
  const outer = writer.begin(3);
  const inner = writer.begin(FIELD_OF[op.type]);
  encodeNestedHeader(writer, op.response.revision);
  if (op.type === "range") encodeRangeResponse(writer, op.response);
  else if (op.type === "put") encodePutResponse(writer, op.response);
  else if (op.type === "deleteRange") encodeDeleteRangeResponse(writer, op.response);
  else encodeTxnResponse(writer, op.response);
  writer.end(inner);
  writer.end(outer);
}

/** Reads to the end of the message. */
export function decodeTxnResponse(reader: ProtobufReader): DecodedTxnResponse {
  const response: DecodedTxnResponse = { header: emptyHeader(), succeeded: false, responses: [] };
  while (reader.next()) {
    if (reader.field === 1) response.header = decodeHeader(reader);
    else if (reader.field === 2) response.succeeded = reader.bool();
    else if (reader.field === 3) decodeResponseOp(reader, response.responses);
    else reader.skip();
  }
  return response;
}

function decodeResponseOp(reader: ProtobufReader, into: DecodedResponseOp[]): void {
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field < RANGE || reader.field > TXN) {
      reader.skip();
      continue;
    }
    const { field } = reader;
    const inner = reader.enter();
    if (field === RANGE) into.push({ type: "range", response: decodeRangeResponse(reader) });
    else if (field === PUT) into.push({ type: "put", response: decodePutResponse(reader) });
    else if (field === DELETE_RANGE) into.push({ type: "deleteRange", response: decodeDeleteRangeResponse(reader) });
    else into.push({ type: "txn", response: decodeTxnResponse(reader) });
    reader.leave(inner);
  }
  reader.leave(outer);
}
