import { encodeDeleteRangeRequest } from "../../api/delete-range.ts";
import { decodeLockRequest, decodeUnlockRequest, encodeLockKey } from "../../api/lock.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { FENCING_TOKEN } from "../own-metadata.ts";
import { refuseAsUnknown } from "./session-failures.ts";
import { leaseOfPlace } from "./session-keys.ts";
import { TurnCall, type TurnKind } from "./session-turn.ts";

const NO_VALUE = new Uint8Array(0);

const LOCK_TURN: TurnKind = {
  expired: "mutex: session is expired",
  revalues: false,
  answer({ grpc, service }, stream, { key, revision, reachedRevision }) {
    grpc.sendHeaders(stream, [[FENCING_TOKEN, String(revision)]]);
    const writer = grpc.begin(stream);
    service.header.write(writer, reachedRevision);
    encodeLockKey(writer, key);
    grpc.endMessage();
  },
};

function lock(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { name, lease } = decodeLockRequest(connection.service.read(message));
  connection.openTurn(stream, new TurnCall(connection, stream, { name, lease, value: NO_VALUE }, LOCK_TURN));
}

function unlock(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { auth, header, sessionLeases, steps } = connection.service;
  const key = decodeUnlockRequest(connection.service.read(message));
  if (key.length === 0) return refuseAsUnknown(connection, stream, "emptyKey");
  const lease = leaseOfPlace(key);
  const caller = auth.enabled ? connection.caller(stream) : undefined;
  steps.propose(caller, Opcode.deleteRange, (writer) => encodeDeleteRangeRequest(writer, { key }), {
    done: ({ revision }) => {
      header.write(connection.grpc.begin(stream), revision);
      connection.grpc.endResponse();
      connection.touch();
      if (lease !== undefined) sessionLeases.release(lease);
    },
    refused: (code) => refuseAsUnknown(connection, stream, code),
  });
}

/** v3lockpb.Lock (etcd `server/etcdserver/api/v3lock`). */
export const LOCK_METHODS: readonly StoreMethod[] = [
  { path: "/v3lockpb.Lock/Lock", access: "user", handle: lock },
  { path: "/v3lockpb.Lock/Unlock", access: "user", handle: unlock },
];
