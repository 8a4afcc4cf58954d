import { StoreError } from "../errors.ts";
import { SpanSet, spanOf } from "../key-spans.ts";
import {
  type DeleteRangeRequest,
  type KeyRange,
  type LeaseId,
  NO_LEASE,
  type PutRequest,
  type RequestOp,
  type TxnRequest,
} from "../types.ts";
import { type Permission, PermissionType } from "./types.ts";

/** The keys attached to a lease now; none for a lease that does not exist. */
export type KeysOf = (lease: LeaseId) => Iterable<Uint8Array>;

/**
 * What one user who is not root may do with keys: the union of the permissions of its roles. A range is allowed if the
 * union covers it, whichever permissions it takes. Ranges are brought into one form before they are compared: "\0" is
 * open, a single key is a range of one, and a range that ends before it starts is nobody's.
 *
 * Every method throws StoreError `permissionDenied`.
 */
export class Access {
  readonly #reads = new SpanSet();
  readonly #writes = new SpanSet();

  constructor(permissions: Iterable<Permission>) {
    for (const permission of permissions) {
      const span = spanOf(permission);
      if (permission.type !== PermissionType.WRITE) this.#reads.add(span);
      if (permission.type !== PermissionType.READ) this.#writes.add(span);
    }
  }

  mayRead(range: KeyRange): boolean {
    return this.#reads.coversAll(spanOf(range));
  }

  mayWrite(range: KeyRange): boolean {
    return this.#writes.coversAll(spanOf(range));
  }

  range(request: KeyRange): void {
    if (!this.mayRead(request)) throw new StoreError("permissionDenied");
  }

  /**
   * A key may be attached to a lease only by who may also revoke the lease: whoever may write all of its keys.
   */
  put(request: PutRequest, keysOf: KeysOf): void {
    const key = { key: request.key };
    if (!this.mayWrite(key)) throw new StoreError("permissionDenied");
    if (request.prevKv === true) this.range(key);
    const lease = request.lease ?? NO_LEASE;
    if (lease !== NO_LEASE) this.leaseWrite(lease, keysOf);
  }

  deleteRange(request: DeleteRangeRequest): void {
    if (!this.mayWrite(request)) throw new StoreError("permissionDenied");
    if (request.prevKv === true) this.range(request);
  }

  /** Compares and both branches, however deep, whichever of them will run (CVE-2026-33343). */
  txn(request: TxnRequest, keysOf: KeysOf): void {
    for (const compare of request.compare ?? []) this.range(compare);
    for (const op of request.success ?? []) this.#op(op, keysOf);
    for (const op of request.failure ?? []) this.#op(op, keysOf);
  }

  leaseRead(lease: LeaseId, keysOf: KeysOf): void {
    for (const key of keysOf(lease)) this.range({ key });
  }

  leaseWrite(lease: LeaseId, keysOf: KeysOf): void {
    for (const key of keysOf(lease)) if (!this.mayWrite({ key })) throw new StoreError("permissionDenied");
  }

  #op(op: RequestOp, keysOf: KeysOf): void {
    switch (op.type) {
      case "range":
        return this.range(op.request);
      case "put":
        return this.put(op.request, keysOf);
      case "deleteRange":
        return this.deleteRange(op.request);
      case "txn":
        return this.txn(op.request, keysOf);
      case "none":
        return; // does nothing, and is refused as such
    }
  }
}
