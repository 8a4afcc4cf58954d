import { decodeRangeRequest, encodeRangeResponse, RangeRequestFields } from "../api/range.ts";
import { decodeTxnRequest, encodeTxnResponse } from "../api/txn.ts";
import type { RangeRequest, TxnRequest } from "../model/types.ts";
import { answerMembers } from "./cluster.ts";
import type { StoreConnection } from "./connection.ts";
import { answerLeases } from "./lease-answers.ts";
import { Method } from "./methods.ts";

const rangeRequest = new RangeRequestFields();

/** This node's state holds everything acknowledged before the call came: execute it. */
export function readable(connection: StoreConnection, stream: number, method: number, message: Uint8Array): void {
  const reader = connection.service.read(message);
  if (method === Method.range) {
    decodeRangeRequest(reader, rangeRequest);
    answerRange(connection, stream, rangeRequest);
  } else if (method === Method.txn) answerTxn(connection, stream, decodeTxnRequest(reader));
  else if (method === Method.leaseLeases) answerLeases(connection, stream);
  else answerMembers(connection, stream);
}

/** @throws StoreError */
export function answerRange(connection: StoreConnection, stream: number, request: RangeRequest): void {
  const { grpc, service } = connection;
  const response = service.model.range(request);
  const writer = grpc.begin(stream);
  service.header.write(writer, response.revision);
  encodeRangeResponse(writer, response);
  grpc.endResponse();
}

/** @throws StoreError */
export function answerTxn(connection: StoreConnection, stream: number, request: TxnRequest): void {
  const { grpc, service } = connection;
  const response = service.model.txn(request, service.model.time);
  const writer = grpc.begin(stream);
  service.header.write(writer, response.revision);
  encodeTxnResponse(writer, response);
  grpc.endResponse();
}
