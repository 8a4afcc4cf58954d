/** A piece of source that is replaced while it is loaded. */
interface Piece {
  /** Below `packages`. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export type PlantedBug =
  | "stale read"
  | "acknowledged before fsync"
  | "forgetful disk"
  | "lost on leader change"
  | "duplicate apply"
  | "non-fenced lock";

/**
 * Bugs of the kind that lose or spoil what a cluster has promised, planted into the nodes of a test's cluster to see that
 * `synod check` finds them and says what they did (plant.ts; the simulator has its own, of single rules of the protocol:
 * simulator/src/scenario/mutants.ts). The sources themselves know nothing of this.
 */
export const PLANTED: Readonly<Record<PlantedBug, readonly Piece[]>> = {
  "stale read": [
    {
      file: "runtime/src/host/raft-group.ts",
      find: 'if (!this.reads.add(requester, token, deadline)) requester.failed(token, "overloaded");',
      // A follower answers from what it has, without asking the leader what there is.
      replace: `if (this.status.role !== "leader") {
        queueMicrotask(() => requester.readable(token));
        this.#driver.wantTurn();
      } else if (!this.reads.add(requester, token, deadline)) requester.failed(token, "overloaded");`,
    },
  ],
  "acknowledged before fsync": [
    {
      file: "runtime/src/disk/node-disk.ts",
      find: "return new NodeFile(name, openSync(this.#path(name), flags, 0o600), this.#gauge);",
      replace: `return globalThis.synodPlantedDisk.lying(new NodeFile(name, openSync(this.#path(name), flags, 0o600), this.#gauge));`,
    },
  ],
  /** No bug: the same disk, told the truth about. What it loses at a kill was promised to nobody. */
  "forgetful disk": [
    {
      file: "runtime/src/disk/node-disk.ts",
      find: "return new NodeFile(name, openSync(this.#path(name), flags, 0o600), this.#gauge);",
      replace: `return globalThis.synodPlantedDisk.honest(new NodeFile(name, openSync(this.#path(name), flags, 0o600), this.#gauge));`,
    },
  ],
  "lost on leader change": [
    {
      file: "protocols/src/raft/replication.ts",
      find: "const match = quorumValue(configurationOf(state), (node) => state.progress[node]?.matchIndex ?? 0);",
      // A leader takes for committed what is on its own disk.
      replace: "const match = state.progress[state.options.id]?.matchIndex ?? 0;",
    },
  ],
  "duplicate apply": [
    {
      file: "protocols/src/sessions.ts",
      find: "if (sequence <= session.contiguous || session.above.has(sequence)) return false;",
      replace: "if (sequence <= session.contiguous || session.above.has(sequence)) return true;",
    },
    // Whoever follows proposes everything again, late, as it would after a lost answer: a test shall need no luck.
    {
      file: "runtime/src/host/proposals.ts",
      find: "if (this.requests.anyWaits(batch.first, batch.count)) break;",
      replace: "if (this.requests.anyWaits(batch.first, batch.count) || batch.handed < 2) break;",
    },
    {
      file: "runtime/src/host/raft-group.ts",
      find: "const RETRY_AFTER: Instant = 500_000;",
      replace: "const RETRY_AFTER: Instant = 30_000;",
    },
  ],
  "non-fenced lock": [
    {
      file: "store/src/model/txn.ts",
      find: "function holds(keyspace: Keyspace, compare: Compare): boolean {",
      // Who once held a lock is believed for ever.
      replace: `function holds(keyspace: Keyspace, compare: Compare): boolean {
  if (compare.target === CompareTarget.CREATE && (compare.createRevision ?? 0) > 0) return true;`,
    },
  ],
};
