import { decodeLeaseResponse, encodeLeaseLeases, encodeLeaseTimeToLive } from "../../api/lease.ts";
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

/** @param told by the leader: the answer without header and keys. */
export function answerTimeToLive(connection: StoreConnection, stream: number, told: Uint8Array): void {
  const { grpc, service } = connection;
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  writer.raw(told);
  grpc.endResponse();
}

/**
 * With the lease's keys, as they are on this node now: its state is no older than what the leader told.
 * @throws StoreError `permissionDenied`
 */
export function answerWithKeys(connection: StoreConnection, stream: number, told: Uint8Array): void {
  const { grpc, service } = connection;
  const { id } = decodeLeaseResponse(service.read(told));
  connection.access(stream)?.leaseRead(id, service.auth.keysOf);
  const now = service.model.leaseTimeToLive(id, true, 0);
  if (now.ttl >= 0 && now.keys.length === 0) return answerTimeToLive(connection, stream, told);
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  if (now.ttl < 0) encodeLeaseTimeToLive(writer, id, now.ttl, now.grantedTtl, now.keys);
  else {
    writer.raw(told);
    for (const key of now.keys) writer.alwaysBytes(5, key);
  }
  grpc.endResponse();
}
