/**
 * What a request can end with, by what its caller can do about it.
 *
 * `notApplied`: it certainly had no effect; doing it again is safe. `unknown`: it may or may not have had its effect, or
 * may yet have it; read before doing it again. `aborted`, `timeout`: the caller's signal or patience ended a wait. `lost`: what
 * was held (a lock, a lead) is not, or may not be, held any more. `contended`: others kept changing what it read. All others:
 * it had no effect, and would fail again as it is. `outcome` says in each case whether there may have been an effect.
 */
export type SynodErrorCode =
  | "notApplied"
  | "unknown"
  | "overloaded"
  | "compacted"
  | "futureRevision"
  | "leaseNotFound"
  | "invalid"
  | "denied"
  | "noSpace"
  | "unsupported"
  | "aborted"
  | "timeout"
  | "lost"
  | "contended"
  | "closed"
  | "failed";

/** `refused`: it certainly had no effect. `unknown`: it may have had its effect, or may yet have it. */
export type Outcome = "refused" | "unknown";

/** The one error that this client throws. The message says what was asked, of whom, and what came of it. */
export class SynodError extends Error {
  override readonly name = "SynodError";
  readonly code: SynodErrorCode;
  /** gRPC status code of the server's answer, when it answered. */
  readonly status: number | undefined;
  readonly outcome: Outcome;
  constructor(code: SynodErrorCode, message: string, status?: number, outcome?: Outcome) {
    super(message);
    this.code = code;
    this.status = status;
    this.outcome = outcome ?? (code === "unknown" ? "unknown" : "refused");
  }
}

/** gRPC status codes that this client tells apart (grpc.io, "Status codes and their use in gRPC"). */
export const Status = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * What became of one attempt at one endpoint: `sent` is false when the request cannot have reached the server's logic.
 * Internal: the channel turns it into another attempt or a `SynodError`.
 */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  readonly sent: boolean;
  readonly status: number | undefined;
  constructor(sent: boolean, message: string, status?: number) {
    super(message);
    this.sent = sent;
    this.status = status;
  }
}

/**
 * Texts with which a server says that it refused before doing anything (etcd's `rpctypes`); every other `Unavailable`
 * leaves a write's outcome open.
 */
const refusals: ReadonlySet<string> = new Set([
  "etcdserver: no leader",
  "etcdserver: too many requests",
  "etcdserver: unhealthy cluster",
]);

/** Whether an attempt certainly had no effect and another, perhaps elsewhere, may do better. */
export function certainlyNotApplied(failure: CallFailure): boolean {
  return !failure.sent || refusals.has(failure.message);
}

/** Whether another attempt could do better at all: the server was not there, not able, or silent. */
export function worthAnotherAttempt(failure: CallFailure): boolean {
  return failure.status === undefined || failure.status === Status.unavailable || refusals.has(failure.message);
}

/** Whether the server wants another token: nothing was done, and who can authenticate again may try again. */
export function wantsAnotherToken(message: string): boolean {
  return /invalid auth token|revision of auth store is old|user name is empty/.test(message);
}

/** @param what the request as a person would name it, as in `put "a" (127.0.0.1:2379)`. */
export function asSynodError(failure: CallFailure, what: string, readOnly: boolean): SynodError {
  return new SynodError(codeOf(failure, readOnly), `${what}: ${failure.message}`, failure.status);
}

function codeOf(failure: CallFailure, readOnly: boolean): SynodErrorCode {
  switch (failure.status) {
    case Status.invalidArgument:
      return /authentication failed|auth store is old|user name is empty/.test(failure.message) ? "denied" : "invalid";
    case Status.notFound:
      return failure.message.includes("lease not found") ? "leaseNotFound" : "invalid";
    case Status.outOfRange:
      if (failure.message.includes("compacted")) return "compacted";
      return failure.message.includes("future revision") ? "futureRevision" : "invalid";
    case Status.resourceExhausted:
      return failure.message.includes("space exceeded") ? "noSpace" : "overloaded";
    case Status.permissionDenied:
    case Status.unauthenticated:
      return "denied";
    case Status.failedPrecondition:
      return "failed";
    case Status.unimplemented:
      return "unsupported";
    default:
      return readOnly || certainlyNotApplied(failure) ? "notApplied" : "unknown";
  }
}
