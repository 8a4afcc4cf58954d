import { decodeCompactionRequest } from "../../api/compaction.ts";
import { decodeDeleteRangeRequest } from "../../api/delete-range.ts";
import { decodePutRequest, PutRequestFields } from "../../api/put.ts";
import { decodeRangeRequest, RangeRequestFields } from "../../api/range.ts";
import { decodeTxnRequest } from "../../api/txn.ts";
import { costOfPut, costOfTxn } from "../../model/quota.ts";
import type { RequestOp, TxnRequest } from "../../model/types.ts";
import { validateDeleteRange, validatePut, validateRange, validateTxn } from "../../model/validate.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { readAsWanted } from "./read-levels-metadata.ts";
import { answerRange, answerTxn } from "./reads.ts";

// Requests are looked at and forgotten within one call, so one object of each kind is enough for the process.
const rangeRequest = new RangeRequestFields();
const putRequest = new PutRequestFields();

function range(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeRangeRequest(connection.service.read(message), rangeRequest);
  validateRange(rangeRequest);
  if (readAsWanted(connection, stream, message, RANGE)) return;
  if (rangeRequest.serializable) answerRange(connection, stream, rangeRequest);
  else connection.readLinearizable(message, stream, RANGE);
}

function put(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodePutRequest(connection.service.read(message), putRequest);
  validatePut(putRequest);
  if (!connection.service.quota.admits(costOfPut(putRequest))) return connection.refuse(stream, "noSpace");
  connection.propose(Opcode.put, message, stream, PUT);
}

function deleteRange(connection: StoreConnection, stream: number, message: Uint8Array): void {
  validateDeleteRange(decodeDeleteRangeRequest(connection.service.read(message)));
  connection.propose(Opcode.deleteRange, message, stream, DELETE_RANGE);
}

/** A transaction that only reads need not go through the log. */
function txn(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const request = decodeTxnRequest(connection.service.read(message));
  validateTxn(request, connection.service.limits.txnOps);
  if (!everyOp(request, (op) => op.type === "range")) {
    const cost = costOfTxn(request);
    if (cost > 0 && !connection.service.quota.admits(cost)) return connection.refuse(stream, "noSpace");
    connection.propose(Opcode.txn, message, stream, TXN);
  } else if (readAsWanted(connection, stream, message, TXN)) {
    return;
  } else if (everyOp(request, (op) => op.type === "range" && op.request.serializable === true)) {
    answerTxn(connection, stream, request);
  } else connection.readLinearizable(message, stream, TXN);
}

function compact(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeCompactionRequest(connection.service.read(message));
  connection.propose(Opcode.compact, message, stream, COMPACT);
}

/** Of both branches, however deep. */
function everyOp(request: TxnRequest, holds: (op: RequestOp) => boolean): boolean {
  const check = (op: RequestOp): boolean => (op.type === "txn" ? everyOp(op.request, holds) : holds(op));
  return (request.success ?? []).every(check) && (request.failure ?? []).every(check);
}

function readableRange(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeRangeRequest(connection.service.read(message), rangeRequest);
  answerRange(connection, stream, rangeRequest);
}

function readableTxn(connection: StoreConnection, stream: number, message: Uint8Array): void {
  answerTxn(connection, stream, decodeTxnRequest(connection.service.read(message)));
}

const RANGE: StoreMethod = {
  path: "/etcdserverpb.KV/Range",
  access: "user",
  onLearner: true,
  handle: range,
  readable: readableRange,
};
const PUT: StoreMethod = { path: "/etcdserverpb.KV/Put", access: "user", handle: put };
const DELETE_RANGE: StoreMethod = { path: "/etcdserverpb.KV/DeleteRange", access: "user", handle: deleteRange };
const TXN: StoreMethod = { path: "/etcdserverpb.KV/Txn", access: "user", handle: txn, readable: readableTxn };
const COMPACT: StoreMethod = { path: "/etcdserverpb.KV/Compact", handle: compact };

export const KV_METHODS: readonly StoreMethod[] = [RANGE, PUT, DELETE_RANGE, TXN, COMPACT];
