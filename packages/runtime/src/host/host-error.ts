import { DiskError } from "@synod/storage/disk";
import { WalError } from "@synod/storage/wal/types";

/** The node had to stop: going on would risk what it has promised. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** `stateDiverged`: once it is closed the node may be started again, and gets its state anew. */
  readonly code: "diskFailed" | "stateDiverged" | "undecided" | "invariant" | "damaged" | "removed";
  constructor(code: HostError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** What any error thrown in a turn means for the node. */
export function hostErrorOf(error: unknown): HostError {
  // A failed sync leaves unknown what is on disk: no retry can be trusted, so the node ends.
  if (error instanceof DiskError || error instanceof WalError) {
    const isFull = error instanceof DiskError && error.code === "noSpace";
    const what = isFull
      ? "the disk is full and the node must stop: free some space"
      : "the disk failed and the node must stop: check it";
    return new HostError("diskFailed", `${what}, then start the node again (${error.message})`);
  }
  // A broken invariant is a bug: a stopped node is better than a wrong one.
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new HostError("invariant", `a rule of the protocol is broken and the node must stop: ${detail}`);
}
