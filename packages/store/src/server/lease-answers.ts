import { encodeLeaseLeases } from "../api/lease.ts";
import type { StoreConnection } from "./connection.ts";

export function answerLeases(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodeLeaseLeases(writer, service.model.leaseLeases());
  grpc.endResponse();
}
