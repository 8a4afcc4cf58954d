import { encodeLeaseLeases } from "../../api/lease.ts";
import type { StoreConnection } from "../connection.ts";

/** Who is not root may list leases if it may read all their keys. @throws StoreError */
export function answerLeases(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  const leases = service.model.leaseLeases();
  const access = connection.access(stream);
  if (access !== undefined) for (const lease of leases) access.leaseRead(lease, service.auth.keysOf);
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodeLeaseLeases(writer, leases);
  grpc.endResponse();
}
