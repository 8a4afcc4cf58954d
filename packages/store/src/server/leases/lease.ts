import { ProtobufWriter } from "@synod/wire/protobuf";
import {
  decodeLeaseGrantRequest,
  decodeLeaseId,
  decodeLeaseTimeToLiveRequest,
  encodeLeaseGrantRequest,
} from "../../api/lease.ts";
import { LEASE_OVERHEAD } from "../../model/quota.ts";
import { NO_LEASE } from "../../model/types.ts";
import { Opcode, type StoreResult } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { answerLeases } from "./lease-answers.ts";

/** A client of etcd's messages asks for milliseconds here. */
const TTL_METADATA = "synod-ttl-ms";

/** The machine draws no random numbers, so an id that the client leaves to us is chosen before proposing. */
function leaseGrant(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const request = decodeLeaseGrantRequest(service.read(message));
  const asked = connection.grpc.metadata(stream, TTL_METADATA);
  if (asked !== undefined && /^\d{1,13}$/.test(asked)) request.ttlMs = Number(asked);
  if (!service.quota.admits(LEASE_OVERHEAD)) return connection.refuse(stream, "noSpace");
  if (request.id !== NO_LEASE && asked === undefined)
    return connection.propose(Opcode.leaseGrant, message, stream, LEASE_GRANT);
  const writer = new ProtobufWriter(32);
  encodeLeaseGrantRequest(writer, { ...request, id: request.id === NO_LEASE ? service.newLeaseId() : request.id });
  connection.propose(Opcode.leaseGrant, writer.finish(), stream, LEASE_GRANT);
}

function leaseRevoke(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseId(connection.service.read(message));
  connection.propose(Opcode.leaseRevoke, message, stream, LEASE_REVOKE);
}

function leaseTimeToLive(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseTimeToLiveRequest(connection.service.read(message));
  connection.propose(Opcode.leaseTimeToLive, message, stream, LEASE_TIME_TO_LIVE);
}

function leaseLeases(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.readLinearizable(message, stream, LEASE_LEASES);
}

/** One message of a stream of renewals. */
function keepAlive(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseId(connection.service.read(message));
  if (!connection.keepAliveStream(stream).admit()) return;
  connection.propose(Opcode.leaseKeepAlive, message, stream, LEASE_KEEP_ALIVE);
}

function keptAlive(connection: StoreConnection, stream: number, result: StoreResult): void {
  if (result.type === "refused") return connection.refuse(stream, result.code);
  const open = connection.streams.get(stream);
  if (open?.type === "keepAlive" && result.type === "leaseKeepAlive") open.onRenewed(result);
}

const LEASE_GRANT: StoreMethod = { path: "/etcdserverpb.Lease/LeaseGrant", access: "user", handle: leaseGrant };
const LEASE_REVOKE: StoreMethod = { path: "/etcdserverpb.Lease/LeaseRevoke", access: "user", handle: leaseRevoke };
const LEASE_KEEP_ALIVE: StoreMethod = {
  path: "/etcdserverpb.Lease/LeaseKeepAlive",
  access: "user",
  clientStreaming: true,
  handle: keepAlive,
  applied: keptAlive,
};
const LEASE_TIME_TO_LIVE: StoreMethod = {
  path: "/etcdserverpb.Lease/LeaseTimeToLive",
  access: "user",
  handle: leaseTimeToLive,
};
const LEASE_LEASES: StoreMethod = {
  path: "/etcdserverpb.Lease/LeaseLeases",
  access: "user",
  handle: leaseLeases,
  readable: answerLeases,
};

export const LEASE_METHODS: readonly StoreMethod[] = [
  LEASE_GRANT,
  LEASE_REVOKE,
  LEASE_KEEP_ALIVE,
  LEASE_TIME_TO_LIVE,
  LEASE_LEASES,
];
