import { compareBytes } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { KeyHistory } from "./key-history.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Leases } from "./leases.ts";
import { scan } from "./scan.ts";
import { type DeleteRangeRequest, type DeleteRangeResponse, type LeaseId, NO_LEASE, type PutRequest } from "./types.ts";

/** What the rules work on: keys and the leases they are attached to. */
export interface StoreState {
  readonly keyspace: Keyspace;
  readonly leases: Leases;
}

const EMPTY = new Uint8Array(0);
const NO_KVS: readonly KeyValue[] = [];

/**
 * What a put needs of the state; `put` relies on it.
 * @throws StoreError `leaseNotFound`, `keyNotFound`
 */
export function checkPut(state: StoreState, request: PutRequest): void {
  requireLease(state, request);
  requireKept(state, request);
}

/** As `checkPut`; where both are missing, etcd names the other one within a transaction. */
export function checkPutInTxn(state: StoreState, request: PutRequest): void {
  requireKept(state, request);
  requireLease(state, request);
}

function requireLease({ leases }: StoreState, { lease = NO_LEASE }: PutRequest): void {
  if (lease !== NO_LEASE) leases.require(lease);
}

/** What is to be kept as it is must be there. */
function requireKept({ keyspace }: StoreState, request: PutRequest): void {
  if (request.ignoreValue !== true && request.ignoreLease !== true) return;
  if (keyspace.get(request.key) === undefined) throw new StoreError("keyNotFound");
}

/** @returns what the key held before, if it existed. */
export function put({ keyspace, leases }: StoreState, request: PutRequest): KeyValue | undefined {
  let value = request.value ?? EMPTY;
  let lease = request.lease ?? NO_LEASE;
  if (request.ignoreValue === true || request.ignoreLease === true) {
    const current = keyspace.get(request.key)!;
    if (request.ignoreValue === true) value = current.value;
    if (request.ignoreLease === true) lease = current.lease;
  }
  const history = keyspace.put(request.key, value, lease === NO_LEASE ? NO_LEASE : leases.require(lease).id);
  const before = history.latest.previous;
  const previous = before === undefined || before.isTombstone ? undefined : before;
  moveLease(leases, history, previous?.lease ?? NO_LEASE, lease);
  return previous;
}

/** Deletes in key order. The response's revision is the caller's to know: it depends on the rest of the transaction. */
export function deleteRange({ keyspace, leases }: StoreState, request: DeleteRangeRequest): DeleteRangeResponse {
  const found: KeyValue[] = [];
  scan(keyspace, request, keyspace.visibleRevision, false, (record) => {
    found.push(record);
    return true;
  });
  for (const record of found) remove(keyspace, leases, keyspace.find(record.key)!);
  return {
    revision: keyspace.visibleRevision,
    deleted: found.length,
    prevKvs: request.prevKv === true ? found : NO_KVS,
  };
}

/** Deletes the lease and its keys, in key order as all replicas must agree on sub-revisions. */
export function revoke(state: StoreState, id: LeaseId): void {
  const lease = state.leases.require(id);
  for (const history of attachedKeys(state.leases, id)) remove(state.keyspace, state.leases, history);
  state.leases.remove(lease);
}

/** The keys attached to a lease, in key order. */
export function attachedKeys(leases: Leases, id: LeaseId): KeyHistory[] {
  return [...leases.attached(id)].sort((a, b) => compareBytes(a.latest.key, b.latest.key));
}

function remove(keyspace: Keyspace, leases: Leases, history: KeyHistory): void {
  moveLease(leases, history, history.latest.lease, NO_LEASE);
  keyspace.delete(history);
}

function moveLease(leases: Leases, history: KeyHistory, from: LeaseId, to: LeaseId): void {
  if (from === to) return;
  if (from !== NO_LEASE) leases.detach(from, history);
  if (to !== NO_LEASE) leases.attach(to, history);
}
