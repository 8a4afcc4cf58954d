import { ProtobufWriter } from "@synod/wire/protobuf";
import {
  decodeLeaseGrantRequest,
  decodeLeaseId,
  decodeLeaseTimeToLiveRequest,
  encodeLeaseGrantRequest,
} from "../api/lease.ts";
import { NO_LEASE } from "../model/types.ts";
import { Opcode } from "../state-machine.ts";
import type { StoreConnection } from "./connection.ts";
import { Method } from "./methods.ts";

/** The machine draws no random numbers, so an id that the client leaves to us is chosen before proposing. */
export function leaseGrant(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const request = decodeLeaseGrantRequest(service.read(message));
  if (request.id !== NO_LEASE) return connection.propose(Opcode.leaseGrant, message, stream, Method.leaseGrant);
  const writer = new ProtobufWriter(32);
  encodeLeaseGrantRequest(writer, { ttl: request.ttl, id: service.newLeaseId() });
  connection.propose(Opcode.leaseGrant, writer.finish(), stream, Method.leaseGrant);
}

export function leaseRevoke(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseId(connection.service.read(message));
  connection.propose(Opcode.leaseRevoke, message, stream, Method.leaseRevoke);
}

export function leaseTimeToLive(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseTimeToLiveRequest(connection.service.read(message));
  connection.propose(Opcode.leaseTimeToLive, message, stream, Method.leaseTimeToLive);
}

export function leaseLeases(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.readLinearizable(message, stream, Method.leaseLeases);
}

/** One message of a stream of renewals. */
export function keepAlive(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseId(connection.service.read(message));
  if (!connection.keepAliveStream(stream).admit()) return;
  connection.propose(Opcode.leaseKeepAlive, message, stream, Method.leaseKeepAlive);
}
