import type { PutRequest, TxnRequest } from "./types.ts";

/** etcd's default for `--quota-backend-bytes`. */
export const DEFAULT_QUOTA: number = 2 * 1024 ** 3;
/** etcd's accounting (`storage/quota.go`): what a key and what a lease take beside their bytes. */
export const KEY_OVERHEAD = 256;
export const LEASE_OVERHEAD = 64;
/** The alarm is cleared when a tenth of the quota is free, so that it does not come back with the next few writes. */
const CLEARED_BELOW = 0.9;

/** How many bytes a node's store may use. */
export class Quota {
  /** 0: no limit. */
  readonly bytes: number;

  /** @param bytes as etcd's flag: 0 is the default, less than 0 is off. */
  constructor(bytes: number = DEFAULT_QUOTA) {
    this.bytes = bytes === 0 ? DEFAULT_QUOTA : Math.max(0, bytes);
  }

  /** @param inUse bytes of the store. @param cost of what is to be added. */
  admits(inUse: number, cost: number): boolean {
    return this.bytes === 0 || inUse + cost < this.bytes;
  }

  /** There is so much room again that an alarm has no reason any more. */
  isRelaxed(inUse: number): boolean {
    return this.bytes === 0 || inUse <= this.bytes * CLEARED_BELOW;
  }
}

export function costOfPut(request: Pick<PutRequest, "key" | "value">): number {
  return KEY_OVERHEAD + request.key.length + (request.value?.length ?? 0);
}

/** Of the dearer branch; 0 for a transaction that puts nothing. Unlike in etcd the puts of nested transactions count. */
export function costOfTxn(request: TxnRequest): number {
  return Math.max(costOfBranch(request.success), costOfBranch(request.failure));
}

function costOfBranch(ops: TxnRequest["success"] = []): number {
  let cost = 0;
  for (const op of ops) {
    if (op.type === "put") cost += costOfPut(op.request);
    else if (op.type === "txn") cost += costOfTxn(op.request);
  }
  return cost;
}
