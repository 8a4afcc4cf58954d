import { type ApiErrorCode, apiErrors } from "../api/errors.ts";
import { httpStatus } from "../gateway/http-status.ts";

/** Refusals of the REST API itself; those of the store beneath it keep their codes. */
export type RestCode =
  | "badRequest"
  | "badKey"
  | "badParameter"
  | "badBody"
  | "badCondition"
  | "badCursor"
  | "keyNotFound"
  | "preconditionFailed"
  | "routeNotFound"
  | "methodNotAllowed"
  | "unknown"
  | ApiErrorCode;

/** What is answered in place of what was asked for: `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly code: RestCode;
  /** What was wrong, and where. */
  readonly message: string;
  /** What to do. */
  readonly help: string;
  /** More for programs: `revision`, `compactRevision`, …. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A request that cannot be understood. */
export class RestError extends Error {
  override readonly name = "RestError";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** @throws RestError, always */
export function refuse(code: RestCode, message: string, help: string, status = 400): never {
  throw new RestError({ status, code, message, help });
}

export function problemBody({ status, code, message, help, facts }: Problem): object {
  return { type: "about:blank", title: TITLES[status] ?? "Error", status, code, message, help, ...facts };
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  429: "Too Many Requests",
  501: "Not Implemented",
  503: "Service Unavailable",
};

const CODES: ReadonlyMap<string, ApiErrorCode> = new Map(
  (Object.keys(apiErrors) as ApiErrorCode[]).map((code) => [apiErrors[code].message, code]),
);

/** A status of gRPC, in the words of this API. */
export function problemOf(grpc: number, text: string): Problem {
  const code = CODES.get(text);
  const status = (code === undefined ? undefined : STATUS[code]) ?? httpStatus(grpc);
  const help = (code === undefined ? undefined : HELP[code]) ?? HELP_BY_STATUS[status] ?? "look into the server's log";
  return { status, code: code ?? "unknown", message: text, help };
}

/** Where HTTP has a better word than gRPC. */
const STATUS: Readonly<Partial<Record<ApiErrorCode, number>>> = {
  compacted: 410,
  requestTooLarge: 413,
  userEmpty: 401,
  authFailed: 401,
};

const HELP: Readonly<Partial<Record<ApiErrorCode, string>>> = {
  compacted: "that much history is gone: read the current state without `rev` or `cursor`, and go on from its revision",
  futureRev: "no such revision yet: leave `rev` out for the newest",
  leaseNotFound: "the lease has expired or was revoked: create another with POST /api/store/leases",
  leaseExist: "choose another id, or none",
  tooManyOps: "split the transaction",
  duplicateKey: "write each key once in a transaction",
  requestTooLarge: "store less in one value, or split the request",
  noSpace: "delete keys, or raise the quota",
  permissionDenied: "ask for a role that may do this",
  invalidAuthToken: "authenticate again with POST /v3/auth/authenticate, and send the token in Authorization",
  userEmpty: "authenticate with POST /v3/auth/authenticate, and send the token in Authorization",
  notSupportedForLearner: "ask a voting member, or read with consistency=serializable",
  noLeader: "try again in a moment: the members are electing a leader, or most of them are down",
  timeout: "whether it was done is unknown: read before trying again",
};

const HELP_BY_STATUS: Readonly<Record<number, string>> = {
  400: "correct the request",
  404: "check the name",
  429: "try again more slowly",
  501: "use another version of the server",
  503: "try again in a moment",
};
