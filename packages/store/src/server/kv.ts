import { decodeCompactionRequest } from "../api/compaction.ts";
import { decodeDeleteRangeRequest } from "../api/delete-range.ts";
import { decodePutRequest, PutRequestFields } from "../api/put.ts";
import { decodeRangeRequest, RangeRequestFields } from "../api/range.ts";
import { decodeTxnRequest } from "../api/txn.ts";
import type { RequestOp, TxnRequest } from "../model/types.ts";
import { validateDeleteRange, validatePut, validateRange, validateTxn } from "../model/validate.ts";
import { Opcode } from "../state-machine.ts";
import type { StoreConnection } from "./connection.ts";
import { Method } from "./methods.ts";
import { answerRange, answerTxn } from "./reads.ts";

// Requests are looked at and forgotten within one call, so one object of each kind is enough for the process.
const rangeRequest = new RangeRequestFields();
const putRequest = new PutRequestFields();

export function range(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeRangeRequest(connection.service.read(message), rangeRequest);
  validateRange(rangeRequest);
  if (rangeRequest.serializable) answerRange(connection, stream, rangeRequest);
  else connection.readLinearizable(message, stream, Method.range);
}

export function put(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodePutRequest(connection.service.read(message), putRequest);
  validatePut(putRequest);
  connection.propose(Opcode.put, message, stream, Method.put);
}

export function deleteRange(connection: StoreConnection, stream: number, message: Uint8Array): void {
  validateDeleteRange(decodeDeleteRangeRequest(connection.service.read(message)));
  connection.propose(Opcode.deleteRange, message, stream, Method.deleteRange);
}

/** A transaction that only reads need not go through the log. */
export function txn(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const request = decodeTxnRequest(connection.service.read(message));
  validateTxn(request);
  if (!everyOp(request, (op) => op.type === "range")) {
    connection.propose(Opcode.txn, message, stream, Method.txn);
  } else if (everyOp(request, (op) => op.type === "range" && op.request.serializable === true)) {
    answerTxn(connection, stream, request);
  } else connection.readLinearizable(message, stream, Method.txn);
}

export function compact(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeCompactionRequest(connection.service.read(message));
  connection.propose(Opcode.compact, message, stream, Method.compact);
}

/** Of both branches, however deep. */
function everyOp(request: TxnRequest, holds: (op: RequestOp) => boolean): boolean {
  const check = (op: RequestOp): boolean => (op.type === "txn" ? everyOp(op.request, holds) : holds(op));
  return (request.success ?? []).every(check) && (request.failure ?? []).every(check);
}
