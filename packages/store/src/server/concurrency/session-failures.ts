import type { RequestFailure } from "@synod/runtime/group";
import { GrpcStatus } from "@synod/wire/grpc/status";
import { type ApiErrorCode, apiErrors } from "../../api/errors.ts";
import { storeErrors } from "../../model/errors.ts";
import type { StoreConnection } from "../connection.ts";

/** What a client is told when the group could not do what it was asked. */
export const FAILURES: Readonly<Record<RequestFailure, ApiErrorCode>> = {
  noLeader: "noLeader",
  overloaded: "tooManyRequests",
  timedOut: "timeout",
  stopped: "stopped",
};

/**
 * Ends a call of the services that are themselves clients of the store: whatever the store refuses is Unknown, with the
 * store's text, as it is in etcd.
 */
export function refuseAsUnknown(connection: StoreConnection, stream: number, code: ApiErrorCode): void {
  if (code in storeErrors) connection.finish(stream, GrpcStatus.UNKNOWN, apiErrors[code].message);
  else connection.refuse(stream, code);
}
