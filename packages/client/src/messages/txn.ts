/** `etcdserverpb.KV.Txn`: if all comparisons hold, do these, else those; at one revision. */
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { KeyRange } from "../bytes.ts";
import { encode, NO_HEADER, type ResponseHeader, readHeader } from "./common.ts";
import {
  type DeleteOptions,
  type DeleteResult,
  type PutOptions,
  type PutResult,
  type RangeOptions,
  type RangeResult,
  readDeleteResult,
  readPutResult,
  readRangeResult,
  writeDelete,
  writePut,
  writeRange,
} from "./kv.ts";

export type CompareResult = "=" | ">" | "<" | "!=";

export type Compare = { readonly range: KeyRange; readonly result: CompareResult } & (
  | { readonly target: "version" | "createRevision" | "modRevision"; readonly to: number }
  | { readonly target: "value"; readonly to: Uint8Array }
  | { readonly target: "lease"; readonly to: bigint }
);

export type Operation =
  | { readonly type: "range"; readonly range: KeyRange; readonly options: RangeOptions }
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array; readonly options: PutOptions }
  | { readonly type: "delete"; readonly range: KeyRange; readonly options: DeleteOptions }
  | { readonly type: "txn"; readonly txn: Txn };

export interface Txn {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type OperationResult =
  | ({ readonly type: "range" } & RangeResult)
  | ({ readonly type: "put" } & PutResult)
  | ({ readonly type: "delete" } & DeleteResult)
  | ({ readonly type: "txn" } & TxnResult);

export interface TxnResult {
  readonly header: ResponseHeader;
  /** Whether all comparisons held. */
  readonly succeeded: boolean;
  /** One for each operation of the branch that ran, in its order. */
  readonly responses: readonly OperationResult[];
}

export const compareResults: Readonly<Record<CompareResult, number>> = { "=": 0, ">": 1, "<": 2, "!=": 3 };
export const compareTargets: Readonly<Record<Compare["target"], number>> = {
  version: 0,
  createRevision: 1,
  modRevision: 2,
  value: 3,
  lease: 4,
};

export function encodeTxn(txn: Txn): Uint8Array {
  return encode((writer) => writeTxn(writer, txn));
}

/** Whether the transaction changes nothing, whichever branch runs. */
export function isReadOnly(txn: Txn): boolean {
  const reads = (operation: Operation): boolean =>
    operation.type === "range" || (operation.type === "txn" && isReadOnly(operation.txn));
  return txn.success.every(reads) && txn.failure.every(reads);
}

function writeTxn(writer: ProtobufWriter, txn: Txn): void {
  for (const compare of txn.compare) {
    const mark = writer.begin(1);
    writeCompare(writer, compare);
    writer.end(mark);
  }
  for (const operation of txn.success) writeOperation(writer, 2, operation);
  for (const operation of txn.failure) writeOperation(writer, 3, operation);
}

function writeCompare(writer: ProtobufWriter, compare: Compare): void {
  writer.varint(1, compareResults[compare.result]);
  writer.varint(2, compareTargets[compare.target]);
  writer.bytes(3, compare.range.key);
  // A member of a oneof is written even when it is zero or empty.
  const member = compareTargets[compare.target] + 4;
  if (compare.target === "value") writer.alwaysBytes(member, compare.to);
  else writer.alwaysVarint(member, compare.to);
  writer.bytes(64, compare.range.rangeEnd);
}

function writeOperation(writer: ProtobufWriter, field: number, operation: Operation): void {
  const request = writer.begin(field);
  switch (operation.type) {
    case "range": {
      const mark = writer.begin(1);
      writeRange(writer, operation.range, operation.options);
      writer.end(mark);
      break;
    }
    case "put": {
      const mark = writer.begin(2);
      writePut(writer, operation.key, operation.value, operation.options);
      writer.end(mark);
      break;
    }
    case "delete": {
      const mark = writer.begin(3);
      writeDelete(writer, operation.range, operation.options);
      writer.end(mark);
      break;
    }
    case "txn": {
      const mark = writer.begin(4);
      writeTxn(writer, operation.txn);
      writer.end(mark);
      break;
    }
  }
  writer.end(request);
}

export function readTxnResult(reader: ProtobufReader): TxnResult {
  const responses: OperationResult[] = [];
  const result = { header: NO_HEADER, succeeded: false, responses };
  while (reader.next()) {
    if (reader.field === 1) result.header = readHeader(reader);
    else if (reader.field === 2) result.succeeded = reader.bool();
    else if (reader.field === 3) {
      const outer = reader.enter();
      while (reader.next()) responses.push(...readOperationResult(reader));
      reader.leave(outer);
    } else reader.skip();
  }
  return result;
}

function readOperationResult(reader: ProtobufReader): OperationResult[] {
  const { field } = reader;
  if (field < 1 || field > 4) {
    reader.skip();
    return [];
  }
  const outer = reader.enter();
  const result = readOneResult(reader, field);
  reader.leave(outer);
  return [result];
}

function readOneResult(reader: ProtobufReader, field: number): OperationResult {
  if (field === 1) return { type: "range", ...readRangeResult(reader) };
  if (field === 2) return { type: "put", ...readPutResult(reader) };
  if (field === 3) return { type: "delete", ...readDeleteResult(reader) };
  return { type: "txn", ...readTxnResult(reader) };
}
