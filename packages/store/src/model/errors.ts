const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;
const UNAUTHENTICATED = 16;
const DATA_LOSS = 15;

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
  | "leaseExist"
  | "noSpace"
  | "corrupt"
  | "wrongDowngradeVersionFormat"
  | "invalidDowngradeTargetVersion"
  | "downgradeInProcess"
  | "noInflightDowngrade"
  | MemberErrorCode
  | AuthErrorCode;

/** Refusals that have to do with the members of the cluster. */
export type MemberErrorCode =
  | "memberNotFound"
  | "memberExist"
  | "peerURLExist"
  | "notEnoughStartedMembers"
  | "memberNotLearner"
  | "tooManyLearners"
  /** Not etcd's: its members have no limit. */
  | "tooManyMembers";

/** Refusals that have to do with users, roles and what they may do. */
export type AuthErrorCode =
  | "userEmpty"
  | "roleEmpty"
  | "authFailed"
  | "permissionNotGiven"
  | "invalidAuthMgmt"
  | "authOldRevision"
  | "rootUserNotExist"
  | "rootRoleNotExist"
  | "userAlreadyExist"
  | "userNotFound"
  | "roleAlreadyExist"
  | "roleNotFound"
  | "roleNotGranted"
  | "permissionNotGranted"
  | "authNotEnabled"
  | "permissionDenied"
  | "invalidAuthToken";

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
  memberNotFound: entry(NOT_FOUND, "member not found"),
  memberExist: entry(FAILED_PRECONDITION, "member ID already exist"),
  peerURLExist: entry(FAILED_PRECONDITION, "Peer URLs already exists"),
  notEnoughStartedMembers: entry(FAILED_PRECONDITION, "re-configuration failed due to not enough started members"),
  memberNotLearner: entry(FAILED_PRECONDITION, "can only promote a learner member"),
  tooManyLearners: entry(FAILED_PRECONDITION, "too many learner members in cluster"),
  tooManyMembers: entry(RESOURCE_EXHAUSTED, "too many members in cluster"),
  userEmpty: entry(INVALID_ARGUMENT, "user name is empty"),
  roleEmpty: entry(INVALID_ARGUMENT, "role name is empty"),
  authFailed: entry(INVALID_ARGUMENT, "authentication failed, invalid user ID or password"),
  permissionNotGiven: entry(INVALID_ARGUMENT, "permission not given"),
  invalidAuthMgmt: entry(INVALID_ARGUMENT, "invalid auth management"),
  authOldRevision: entry(INVALID_ARGUMENT, "revision of auth store is old"),
  rootUserNotExist: entry(FAILED_PRECONDITION, "root user does not exist"),
  rootRoleNotExist: entry(FAILED_PRECONDITION, "root user does not have root role"),
  userAlreadyExist: entry(FAILED_PRECONDITION, "user name already exists"),
  userNotFound: entry(FAILED_PRECONDITION, "user name not found"),
  roleAlreadyExist: entry(FAILED_PRECONDITION, "role name already exists"),
  roleNotFound: entry(FAILED_PRECONDITION, "role name not found"),
  roleNotGranted: entry(FAILED_PRECONDITION, "role is not granted to the user"),
  permissionNotGranted: entry(FAILED_PRECONDITION, "permission is not granted to the role"),
  authNotEnabled: entry(FAILED_PRECONDITION, "authentication is not enabled"),
  permissionDenied: entry(PERMISSION_DENIED, "permission denied"),
  invalidAuthToken: entry(UNAUTHENTICATED, "invalid auth token"),
  noSpace: entry(RESOURCE_EXHAUSTED, "mvcc: database space exceeded"),
  corrupt: entry(DATA_LOSS, "corrupt cluster"),
  wrongDowngradeVersionFormat: entry(INVALID_ARGUMENT, "wrong downgrade target version format"),
  invalidDowngradeTargetVersion: entry(INVALID_ARGUMENT, "invalid downgrade target version"),
  downgradeInProcess: entry(FAILED_PRECONDITION, "cluster has a downgrade job in progress"),
  noInflightDowngrade: entry(FAILED_PRECONDITION, "no inflight downgrade job"),
};

/** A request that the store refuses. Nothing has been changed when it is thrown. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  readonly grpc: number;
  /** What it is about, where its code does not say: the prefix whose quota is used up. */
  readonly about: Uint8Array | undefined;

  constructor(code: StoreErrorCode, about?: Uint8Array) {
    super(storeErrors[code].message);
    this.about = about;
    this.code = code;
    this.grpc = storeErrors[code].grpc;
  }
}
