const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;

interface ErrorEntry {
  /** Status code (grpc.io, "Status codes and their use in gRPC"). */
  readonly grpc: number;
  readonly message: string;
}

const entry = (grpc: number, text: string): ErrorEntry => ({ grpc, message: `etcdserver: ${text}` });

/** etcd's Go names without `ErrGRPC`, in camel case. */
export type StoreErrorCode =
  | "emptyKey"
  | "keyNotFound"
  | "valueProvided"
  | "leaseProvided"
  | "tooManyOps"
  | "duplicateKey"
  | "invalidSortOption"
  | "compacted"
  | "futureRev"
  | "leaseTTLTooLarge"
  | "leaseNotFound"
  | "leaseExist";

/**
 * Every refusal of the key-value model, with the status code and the exact text of etcd
 * (`api/v3rpc/rpctypes/error.go`): clients match on both.
 */
export const storeErrors: Readonly<Record<StoreErrorCode, ErrorEntry>> = {
  emptyKey: entry(INVALID_ARGUMENT, "key is not provided"),
  keyNotFound: entry(INVALID_ARGUMENT, "key not found"),
  valueProvided: entry(INVALID_ARGUMENT, "value is provided"),
  leaseProvided: entry(INVALID_ARGUMENT, "lease is provided"),
  tooManyOps: entry(INVALID_ARGUMENT, "too many operations in txn request"),
  duplicateKey: entry(INVALID_ARGUMENT, "duplicate key given in txn request"),
  invalidSortOption: entry(INVALID_ARGUMENT, "invalid sort option"),
  compacted: entry(OUT_OF_RANGE, "mvcc: required revision has been compacted"),
  futureRev: entry(OUT_OF_RANGE, "mvcc: required revision is a future revision"),
  leaseTTLTooLarge: entry(OUT_OF_RANGE, "too large lease TTL"),
  leaseNotFound: entry(NOT_FOUND, "requested lease not found"),
  leaseExist: entry(FAILED_PRECONDITION, "lease already exists"),
};

/** A request that the store refuses. Nothing has been changed when it is thrown. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  readonly grpc: number;

  constructor(code: StoreErrorCode) {
    super(storeErrors[code].message);
    this.code = code;
    this.grpc = storeErrors[code].grpc;
  }
}
