import type { ResponseOp } from "./types.ts";

/** How many operations of each kind a replica has executed since its start. Beside the state: replicas may differ. */
export class OperationCounts {
  range = 0;
  put = 0;
  deleteRange = 0;
  txn = 0;
  leaseGrant = 0;
  leaseRevoke = 0;
  leaseRenew = 0;
  /** Of the revoked ones, those whose time was over. */
  leaseExpire = 0;

  /** A transaction counts, and so does each operation in it. */
  countTxn(responses: readonly ResponseOp[]): void {
    this.txn++;
    for (const op of responses) {
      if (op.type === "txn") this.countTxn(op.response.responses);
      else this[op.type]++;
    }
  }
}
