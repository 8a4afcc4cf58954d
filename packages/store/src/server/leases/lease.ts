import { ProtobufWriter } from "@synod/wire/protobuf";
import {
  decodeLeaseGrantRequest,
  decodeLeaseId,
  decodeLeaseTimeToLiveRequest,
  encodeLeaseGrantRequest,
} from "../../api/lease.ts";
import { LEASE_OVERHEAD } from "../../model/quota.ts";
import { NO_LEASE } from "../../model/types.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { answerLeases, answerTimeToLive, answerWithKeys } from "./lease-answers.ts";
import { refusalIn } from "./lease-questions.ts";

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
  connection.ask(Opcode.leaseTimeToLive, message, stream, LEASE_TIME_TO_LIVE);
}

/** The leader knows how long it lives, and this node its keys. */
function timeToLiveTold(connection: StoreConnection, stream: number, message: Uint8Array, answer: Uint8Array): void {
  const refused = refusalIn(answer);
  if (refused !== undefined) return connection.refuse(stream, refused);
  const { keys } = decodeLeaseTimeToLiveRequest(connection.service.read(message));
  if (keys) connection.readLinearizable(answer.slice(1), stream, LEASE_TIME_TO_LIVE);
  else answerTimeToLive(connection, stream, answer.subarray(1));
}

function leaseLeases(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.readLinearizable(message, stream, LEASE_LEASES);
}

/** One message of a stream of renewals. */
function keepAlive(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeLeaseId(connection.service.read(message));
  connection.keepAliveStream(stream).renew(message);
}

const LEASE_GRANT: StoreMethod = { path: "/etcdserverpb.Lease/LeaseGrant", access: "user", handle: leaseGrant };
const LEASE_REVOKE: StoreMethod = { path: "/etcdserverpb.Lease/LeaseRevoke", access: "user", handle: leaseRevoke };
const LEASE_KEEP_ALIVE: StoreMethod = {
  path: "/etcdserverpb.Lease/LeaseKeepAlive",
  access: "user",
  clientStreaming: true,
  handle: keepAlive,
};
const LEASE_TIME_TO_LIVE: StoreMethod = {
  path: "/etcdserverpb.Lease/LeaseTimeToLive",
  access: "user",
  handle: leaseTimeToLive,
  answered: timeToLiveTold,
  readable: (connection, stream, message) => answerWithKeys(connection, stream, message),
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
