import { encodeDeleteRangeResponse } from "../api/delete-range.ts";
import { encodeLeaseTtl } from "../api/lease.ts";
import { encodePutResponse } from "../api/put.ts";
import { encodeTxnResponse } from "../api/txn.ts";
import type { StoreConnection } from "./connection.ts";
import type { Applied } from "./method.ts";

/** Answers a unary call with what applying its command has given. */
export function answer(connection: StoreConnection, stream: number, result: Applied): void {
  const { grpc, service } = connection;
  if (result.type === "compact" && result.physical && service.model.removalPending) {
    return service.answerWhenRemoved(connection, stream);
  }
  const writer = grpc.begin(stream);
  service.header.write(writer, result.revision);
  if (result.type === "put") encodePutResponse(writer, result);
  else if (result.type === "deleteRange") encodeDeleteRangeResponse(writer, result.response);
  else if (result.type === "txn") encodeTxnResponse(writer, result.response);
  else if (result.type === "leaseGrant") encodeLeaseTtl(writer, result.id, result.ttl);
  else if (result.type === "area") result.write?.(writer);
  // Of compact and leaseRevoke the header says everything.
  grpc.endResponse();
}

/** The answer that is a header alone. */
export function answerHeader(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  service.header.write(grpc.begin(stream), service.model.revision);
  grpc.endResponse();
  connection.touch();
}
