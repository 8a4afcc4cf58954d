import { authenticate, authStatus } from "./auth.ts";
import { memberList } from "./cluster.ts";
import type { StoreConnection } from "./connection.ts";
import { compact, deleteRange, put, range, txn } from "./kv.ts";
import { keepAlive, leaseGrant, leaseLeases, leaseRevoke, leaseTimeToLive } from "./lease.ts";
import { alarm, defragment, healthCheck, moveLeader, status } from "./maintenance.ts";
import { watch } from "./watch.ts";

/**
 * Takes one message of a call: answers it at once, or proposes it, or asks for a linearizable read.
 * @throws StoreError, ProtobufError: the call fails with it.
 */
export type Handler = (connection: StoreConnection, stream: number, message: Uint8Array) => void;

/** By method number (`methods.ts`). */
export const HANDLERS: readonly Handler[] = [
  range,
  put,
  deleteRange,
  txn,
  compact,
  watch,
  leaseGrant,
  leaseRevoke,
  keepAlive,
  leaseTimeToLive,
  leaseLeases,
  memberList,
  status,
  moveLeader,
  alarm,
  authStatus,
  authenticate,
  healthCheck,
  defragment,
];
