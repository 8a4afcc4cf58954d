import type { KeyValue } from "./key-value.ts";

/**
 * Requests and responses of etcd's KV and Lease services, field names in camel case (rpc.proto). An absent field is the
 * zero value. int64 fields are safe integers, except lease ids: they use all 63 bits and are therefore `bigint`.
 */
export const SortOrder = { NONE: 0, ASCEND: 1, DESCEND: 2 } as const;
export const SortTarget = { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 } as const;
export const CompareResult = { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 } as const;
export const CompareTarget = { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 } as const;
export const EventType = { PUT: 0, DELETE: 1 } as const;

/** A lease's id, an int64; 0n is "no lease". */
export type LeaseId = bigint;
export const NO_LEASE: LeaseId = 0n;

/** Microseconds of replicated cluster time. */
export type ClusterTime = number;

/** Raft's: who leads in one never leads in it again after having stopped. */
export type Term = number;

/** `[key, rangeEnd)`: empty `rangeEnd` is the single key, "\0" is every key ≥ `key`. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}

export interface RangeRequest extends KeyRange {
  readonly limit?: number | undefined;
  /** ≤ 0: the newest. */
  readonly revision?: number | undefined;
  readonly sortOrder?: number | undefined;
  readonly sortTarget?: number | undefined;
  /** Chooses the read path in the server; the model does not look at it. */
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  readonly minModRevision?: number | undefined;
  readonly maxModRevision?: number | undefined;
  readonly minCreateRevision?: number | undefined;
  readonly maxCreateRevision?: number | undefined;
}

/** `revision` is what the response's header carries. */
export interface RangeResponse {
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** Keys in the range, whatever limit and revision filters say. */
  readonly count: number;
}

export interface PutRequest {
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
  readonly lease?: LeaseId | undefined;
  readonly prevKv?: boolean | undefined;
  readonly ignoreValue?: boolean | undefined;
  readonly ignoreLease?: boolean | undefined;
}

export interface PutResponse {
  readonly revision: number;
  readonly prevKv: KeyValue | undefined;
}

export interface DeleteRangeRequest extends KeyRange {
  readonly prevKv?: boolean | undefined;
}

export interface DeleteRangeResponse {
  readonly revision: number;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

/** Only the field that `target` names is looked at; an absent one is zero or empty. */
export interface Compare extends KeyRange {
  readonly result: number;
  readonly target: number;
  readonly version?: number | undefined;
  readonly createRevision?: number | undefined;
  readonly modRevision?: number | undefined;
  readonly value?: Uint8Array | undefined;
  readonly lease?: LeaseId | undefined;
}

/** `none` is an empty oneof: etcd refuses it with "key not found". */
export type RequestOp =
  | { readonly type: "range"; readonly request: RangeRequest }
  | { readonly type: "put"; readonly request: PutRequest }
  | { readonly type: "deleteRange"; readonly request: DeleteRangeRequest }
  | { readonly type: "txn"; readonly request: TxnRequest }
  | { readonly type: "none" };

export type ResponseOp =
  | { readonly type: "range"; readonly response: RangeResponse }
  | { readonly type: "put"; readonly response: PutResponse }
  | { readonly type: "deleteRange"; readonly response: DeleteRangeResponse }
  | { readonly type: "txn"; readonly response: TxnResponse };

export interface TxnRequest {
  readonly compare?: readonly Compare[] | undefined;
  readonly success?: readonly RequestOp[] | undefined;
  readonly failure?: readonly RequestOp[] | undefined;
}

export interface TxnResponse {
  /** 0 in a nested response: etcd leaves its header empty. */
  readonly revision: number;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface LeaseGrantResponse {
  readonly id: LeaseId;
  /** Seconds; at least the configured minimum. */
  readonly ttl: number;
}

/** A lease whose end a leader has seen, with what the log said of it then: whatever happens to it in the log changes that. */
export interface ExpiredLease {
  readonly id: LeaseId;
  readonly expiry: ClusterTime;
}

export interface LeaseTimeToLiveResponse {
  readonly id: LeaseId;
  /** Remaining whole seconds; -1 if the lease does not exist. */
  readonly ttl: number;
  readonly grantedTtl: number;
  /** In key order. */
  readonly keys: readonly Uint8Array[];
}
