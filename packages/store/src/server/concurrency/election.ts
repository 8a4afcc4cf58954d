import { GrpcStatus } from "@synod/wire/grpc/status";
import {
  decodeCampaignRequest,
  decodeLeaderRequest,
  decodeProclaimRequest,
  encodeLeaderKey,
} from "../../api/election.ts";
import type { ApiErrorCode } from "../../api/errors.ts";
import { encodeKeyValue } from "../../api/key-value.ts";
import { encodeTxnRequest } from "../../api/txn.ts";
import { costOfTxn } from "../../model/quota.ts";
import { NO_LEASE, type PutRequest } from "../../model/types.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { Applied, StoreMethod } from "../method.ts";
import { FENCING_TOKEN } from "../own-metadata.ts";
import { ObserveStream } from "./election-observe.ts";
import { refuseAsUnknown } from "./session-failures.ts";
import { firstOf, queueOf } from "./session-keys.ts";
import { ifMadeIn, TurnCall, type TurnKind } from "./session-turn.ts";

const NOT_LEADER = "election: not leader";
const NO_LEADER = "election: no leader";
const LEADER_MISSING = '"leader" field must be provided';

const CAMPAIGN_TURN: TurnKind = {
  expired: NOT_LEADER,
  revalues: true,
  answer({ grpc, service }, stream, { name, key, revision, lease, joinedRevision }) {
    grpc.sendHeaders(stream, [[FENCING_TOKEN, String(revision)]]);
    const writer = grpc.begin(stream);
    service.header.write(writer, joinedRevision);
    encodeLeaderKey(writer, 2, { name, key, revision, lease });
    grpc.endMessage();
  },
};

function campaign(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const request = decodeCampaignRequest(connection.service.read(message));
  connection.openTurn(stream, new TurnCall(connection, stream, request, CAMPAIGN_TURN));
}

/** A key that was won without naming the lease keeps the one that it has. */
function proclaim(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { leader, value } = decodeProclaimRequest(connection.service.read(message));
  if (leader === undefined) return connection.finish(stream, GrpcStatus.UNKNOWN, LEADER_MISSING);
  if (leader.key.length === 0) return refuseAsUnknown(connection, stream, "emptyKey");
  const { key, lease } = leader;
  const put: PutRequest = lease === NO_LEASE ? { key, value, ignoreLease: true } : { key, value, lease };
  const request = ifMadeIn(key, leader.revision, [{ type: "put", request: put }]);
  if (!connection.service.quota.admits(costOfTxn(request))) return refuseAsUnknown(connection, stream, "noSpace");
  const step = (result: Applied): void => {
    if (result.type === "txn" && !result.response.succeeded) connection.finish(stream, GrpcStatus.UNKNOWN, NOT_LEADER);
    else answerHeaderAt(connection, stream, result.revision);
  };
  proposeTxn(connection, stream, request, step);
}

/** Who does not lead any more has nothing to give up: that is no error. */
function resign(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { leader } = decodeProclaimRequest(connection.service.read(message));
  if (leader === undefined) return connection.finish(stream, GrpcStatus.UNKNOWN, LEADER_MISSING);
  if (leader.key.length === 0) return refuseAsUnknown(connection, stream, "emptyKey");
  const { key, revision, lease } = leader;
  const request = ifMadeIn(key, revision, [{ type: "deleteRange", request: { key } }]);
  proposeTxn(connection, stream, request, (result) => {
    answerHeaderAt(connection, stream, result.revision);
    connection.service.sessionLeases.release(lease);
  });
}

function proposeTxn(
  connection: StoreConnection,
  stream: number,
  request: Parameters<typeof encodeTxnRequest>[1],
  done: (result: Applied) => void,
): void {
  const { auth, steps } = connection.service;
  const caller = auth.enabled ? connection.caller(stream) : undefined;
  const step = { done, refused: (code: ApiErrorCode): void => refuseAsUnknown(connection, stream, code) };
  steps.propose(caller, Opcode.txn, (writer) => encodeTxnRequest(writer, request), step);
}

function answerHeaderAt(connection: StoreConnection, stream: number, revision: number): void {
  connection.service.header.write(connection.grpc.begin(stream), revision);
  connection.grpc.endResponse();
  connection.touch();
}

function leader(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.readLinearizable(message, stream, LEADER);
}

function readableLeader(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { grpc, service } = connection;
  const name = decodeLeaderRequest(service.read(message));
  if (service.areas.alarms.isCorrupt) return refuseAsUnknown(connection, stream, "corrupt");
  if (connection.access(stream)?.mayRead(queueOf(name)) === false)
    return refuseAsUnknown(connection, stream, "permissionDenied");
  const first = firstOf(service.model, name);
  if (first === undefined) return connection.finish(stream, GrpcStatus.UNKNOWN, NO_LEADER);
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodeKeyValue(writer, 2, first);
  grpc.endResponse();
}

function observe(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const name = decodeLeaderRequest(connection.service.read(message));
  connection.openTurn(stream, new ObserveStream(connection, stream, name));
}

const LEADER: StoreMethod = {
  path: "/v3electionpb.Election/Leader",
  access: "user",
  handle: leader,
  readable: readableLeader,
};

/** v3electionpb.Election (etcd `server/etcdserver/api/v3election`). */
export const ELECTION_METHODS: readonly StoreMethod[] = [
  { path: "/v3electionpb.Election/Campaign", access: "user", handle: campaign },
  { path: "/v3electionpb.Election/Proclaim", access: "user", handle: proclaim },
  LEADER,
  { path: "/v3electionpb.Election/Observe", serverStreaming: true, access: "user", handle: observe },
  { path: "/v3electionpb.Election/Resign", access: "user", handle: resign },
];
