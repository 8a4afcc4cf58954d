import { encodeRangeResponse } from "../../api/range.ts";
import { encodeTxnResponse } from "../../api/txn.ts";
import { StoreError } from "../../model/errors.ts";
import type { RangeRequest, TxnRequest } from "../../model/types.ts";
import type { StoreConnection } from "../connection.ts";
import { AT_ONCE, LargeRange } from "./range-large.ts";

/** @throws StoreError */
export function answerRange(connection: StoreConnection, stream: number, request: RangeRequest): void {
  const { grpc, service } = connection;
  if (service.areas.alarms.isCorrupt) throw new StoreError("corrupt");
  if (service.auth.enabled) connection.access(stream)?.range(request);
  const response = service.model.rangeWithin(request, AT_ONCE);
  if (response === undefined) return connection.openTurn(stream, new LargeRange(connection, stream, request));
  const writer = grpc.begin(stream);
  service.header.write(writer, response.revision);
  encodeRangeResponse(writer, response);
  grpc.endResponse();
}

/** @throws StoreError */
export function answerTxn(connection: StoreConnection, stream: number, request: TxnRequest): void {
  const { grpc, service } = connection;
  if (service.areas.alarms.isCorrupt) throw new StoreError("corrupt");
  if (service.auth.enabled) connection.access(stream)?.txn(request, service.auth.keysOf);
  const response = service.model.txn(request, service.model.time);
  const writer = grpc.begin(stream);
  service.header.write(writer, response.revision);
  encodeTxnResponse(writer, response);
  grpc.endResponse();
}
