import { type StoreErrorCode, storeErrors } from "../model/errors.ts";

/** A gRPC status: its code, and the exact text that etcd sends, because clients match on both. */
export interface ApiError {
  readonly grpc: number;
  readonly message: string;
}

/** What the server around the model refuses; etcd's Go names without `ErrGRPC`. */
export type ServerErrorCode =
  | "requestTooLarge"
  | "tooManyRequests"
  | "badMemberURLs"
  | "memberLearnerNotReady"
  | "unhealthy"
  | "notLeader"
  | "notSupportedForLearner"
  | "badLeaderTransferee"
  | "noLeader"
  | "stopped"
  | "timeout";

export type ApiErrorCode = StoreErrorCode | ServerErrorCode;

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;

const entry = (grpc: number, text: string): ApiError => ({ grpc, message: `etcdserver: ${text}` });

/** Every error that the store's API answers (etcd `api/v3rpc/rpctypes/error.go`). */
export const apiErrors: Readonly<Record<ApiErrorCode, ApiError>> = {
  ...storeErrors,
  requestTooLarge: entry(INVALID_ARGUMENT, "request is too large"),
  tooManyRequests: entry(RESOURCE_EXHAUSTED, "too many requests"),
  badMemberURLs: entry(INVALID_ARGUMENT, "given member URLs are invalid"),
  memberLearnerNotReady: entry(FAILED_PRECONDITION, "can only promote a learner member which is in sync with leader"),
  unhealthy: entry(UNAVAILABLE, "unhealthy cluster"),
  notLeader: entry(FAILED_PRECONDITION, "not leader"),
  notSupportedForLearner: entry(FAILED_PRECONDITION, "rpc not supported for learner"),
  badLeaderTransferee: entry(FAILED_PRECONDITION, "bad leader transferee"),
  noLeader: entry(UNAVAILABLE, "no leader"),
  stopped: entry(UNAVAILABLE, "server stopped"),
  timeout: entry(UNAVAILABLE, "request timed out"),
};
