import type { ConsistencyModel } from "../models.ts";
import type { Workload } from "../table.ts";

/** A small history with an anomaly, and its twin that differs in one thing and has none. */
export interface AnomalyStory {
  readonly name: string;
  readonly workload: Workload;
  readonly history: string;
  /** Every anomaly that is found, by name. */
  readonly finds: readonly string[];
  /** The weakest models that it rules out. */
  readonly weakest: readonly ConsistencyModel[];
  /** What is replaced to repair it. */
  readonly repair: readonly [find: string, replace: string];
  /** The repaired history cannot be judged. */
  readonly unclear?: true;
}

const LISTS: readonly Omit<AnomalyStory, "workload">[] = [
  {
    name: "two writers go through each other",
    history: `
      1 0..10: append x 1, append y 2
      2 0..10: append x 3, append y 4
      3 5..20: r x [1 3], r y [4 2]`,
    finds: ["G0"],
    weakest: ["read-uncommitted"],
    repair: ["[4 2]", "[2 4]"],
  },
  {
    name: "a read of what was aborted",
    history: `
      1 0..10 fail: append x 1
      2 0..10: r x [1]`,
    finds: ["G1a"],
    weakest: ["read-committed"],
    repair: ["[1]", "[]"],
  },
  {
    name: "a read in the middle of a transaction",
    history: `
      1 0..10: append x 1, append x 2
      2 0..10: r x [1]
      3 5..20: r x [1 2]`,
    finds: ["G-single", "G1b"],
    weakest: ["read-committed"],
    repair: ["r x [1]", "r x [1 2]"],
  },
  {
    name: "two transactions that read each other",
    history: `
      1 0..10: append x 1, r y [1]
      2 0..10: append y 1, r x [1]`,
    finds: ["G1c"],
    weakest: ["read-committed"],
    repair: ["r y [1]", "r y []"],
  },
  {
    name: "a write on top of what was aborted",
    history: `
      1 0..10 fail: append x 1
      2 0..10: append x 2
      3 0..10: r x [1 2]`,
    finds: ["G1a", "dirty update"],
    weakest: ["read-committed"],
    repair: ["[1 2]", "[2]"],
  },
  {
    name: "a transaction that does not see what it did",
    history: "1 0..10: append x 1, r x []",
    finds: ["internal"],
    weakest: ["read-atomic"],
    repair: ["[]", "[1]"],
  },
  {
    name: "a read that cannot be repeated",
    history: `
      1 0..10: r x [], r x [1]
      2 0..10: append x 1`,
    finds: ["G-single", "internal"],
    weakest: ["read-atomic", "consistent-view", "repeatable-read"],
    repair: ["r x []", "r x [1]"],
  },
  {
    name: "a read of what the transaction will do",
    history: "1 0..10: r x [1], append x 1",
    finds: ["future read"],
    weakest: ["read-committed"],
    repair: ["[1]", "[]"],
  },
  {
    name: "a value from nowhere",
    history: `
      1 0..10: append x 1
      2 0..10: r x [1 9]`,
    finds: ["garbage read"],
    weakest: ["read-uncommitted"],
    repair: ["[1 9]", "[1]"],
  },
  {
    name: "an append that took effect twice",
    history: `
      1 0..10: append x 1
      2 0..10: r x [1 1]`,
    finds: ["duplicate elements"],
    weakest: ["read-uncommitted"],
    repair: ["[1 1]", "[1]"],
  },
  {
    name: "two orders of one list",
    history: `
      1 0..10: append x 1
      2 0..10: append x 2
      3 0..10: r x [1 2]
      4 0..10: r x [2 1]`,
    finds: ["incompatible order"],
    weakest: ["read-committed"],
    repair: ["[2 1]", "[1]"],
  },
  {
    name: "a lost update",
    history: `
      1 0..10: r x [], append x 1
      2 0..10: r x [], append x 2
      3 5..20: r x [1 2]`,
    finds: ["G-single", "lost update"],
    weakest: ["cursor-stability"],
    repair: ["2 0..10: r x []", "2 0..10: r x [1]"],
  },
  {
    name: "half of a transaction",
    history: `
      1 0..10: append x 1, append y 1
      2 0..10: r x [1], r y []
      3 5..20: r y [1]`,
    finds: ["G-single"],
    weakest: ["read-atomic", "consistent-view", "repeatable-read"],
    repair: ["r y []", "r y [1]"],
  },
  {
    name: "an effect without its cause",
    history: `
      1 0..10: append x 1
      2 0..10: r x [1], append y 1
      3 0..10: r y [1], r x []`,
    finds: ["G-single"],
    weakest: ["causal", "consistent-view", "repeatable-read"],
    repair: ["r x []", "r x [1]"],
  },
  {
    name: "two readers on two forks",
    history: `
      1 0..10: append x 1
      2 0..10: append y 1
      3 0..10: r x [1], r y []
      4 0..10: r x [], r y [1]`,
    finds: ["long fork"],
    weakest: ["prefix", "repeatable-read"],
    repair: ["r x [], r y [1]", "r x [1], r y [1]"],
  },
  {
    name: "missed writes that are not next to each other",
    history: `
      1 0..10: r y [1], r x []
      2 0..10: append x 1, append z 1
      3 0..10: append z 2, r y []
      4 0..10: append y 1
      5 5..20: r x [1], r y [1], r z [1 2]`,
    finds: ["G-nonadjacent"],
    weakest: ["snapshot-isolation", "repeatable-read"],
    repair: ["r z [1 2]", "r z [2 1]"],
  },
  {
    name: "write skew",
    history: `
      1 0..10: r x [], append y 1
      2 0..10: r y [], append x 1
      3 5..20: r x [1], r y [1]`,
    finds: ["G2-item"],
    weakest: ["repeatable-read"],
    repair: ["r y [],", "r y [1],"],
  },
  {
    name: "write skew that nobody saw",
    history: `
      1 0..10: r x [], append y 1
      2 0..10: r y [], append x 1`,
    finds: ["G2-item"],
    weakest: ["repeatable-read"],
    repair: ["2 0..10: r y [], append x 1", "2 0..10: r y []"],
  },
];

/** The same anomalies, where only the order of a client or real time makes them one. */
const SESSIONS: readonly Omit<AnomalyStory, "workload">[] = [
  {
    name: "a client's writes in the wrong order",
    history: `
      1 0..5: append x 1
      1 5..9: append x 2
      2 9..20: r x [2 1]`,
    finds: ["G0-process"],
    weakest: ["strong-session-read-uncommitted"],
    repair: ["[2 1]", "[1 2]"],
  },
  {
    name: "writes in the wrong order",
    history: `
      1 0..5: append x 1
      2 6..9: append x 2
      3 9..20: r x [2 1]`,
    finds: ["G0-realtime"],
    weakest: ["strong-read-uncommitted"],
    repair: ["2 6..9", "2 5..9"],
  },
  {
    name: "a client reads what it writes later",
    history: `
      1 0..5: r x [1]
      1 5..9: append x 1`,
    finds: ["G1c-process"],
    weakest: ["strong-session-read-committed"],
    repair: ["1 5..9", "2 5..9"],
  },
  {
    name: "a read of what is written later",
    history: `
      1 0..5: r x [1]
      2 6..9: append x 1`,
    finds: ["G1c-realtime"],
    weakest: ["strong-read-committed"],
    repair: ["2 6..9", "2 5..9"],
  },
  {
    name: "a client that does not see its own write",
    history: `
      1 0..5: append x 1
      1 5..9: r x []
      2 5..20: r x [1]`,
    finds: ["G-single-process"],
    weakest: ["strong-session-snapshot-isolation"],
    repair: ["1 5..9", "3 5..9"],
  },
  {
    name: "a stale read",
    history: `
      1 0..5: append x 1
      2 6..9: r x []
      3 6..20: r x [1]`,
    finds: ["G-single-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["2 6..9", "2 5..9"],
  },
  {
    name: "a write that got lost",
    history: `
      1 0..5: append x 1
      2 6..9: r x []`,
    finds: ["G-single-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["1 0..5", "1 0..5 fail"],
  },
  {
    name: "a long fork of two clients",
    history: `
      1 0..5: append x 1
      1 5..9: r y []
      2 0..5: append y 1
      2 5..9: r x []
      3 5..20: r x [1], r y [1]`,
    finds: ["G-nonadjacent-process"],
    weakest: ["strong-session-snapshot-isolation"],
    repair: ["2 5..9", "4 5..9"],
  },
  {
    name: "a long fork in real time",
    history: `
      1 0..5: append x 1
      2 6..9: r y []
      3 1..6: append y 1
      4 7..9: r x []
      5 6..20: r x [1], r y [1]`,
    finds: ["G-nonadjacent-realtime", "G-single-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["4 7..9", "4 5..9"],
  },
  {
    name: "a client amid a write skew",
    history: `
      1 0..5: append y 1
      1 5..9: r x []
      2 0..9: r y [], append x 1
      3 5..20: r x [1], r y [1]`,
    finds: ["G2-item-process"],
    weakest: ["strong-session-serializable"],
    repair: ["1 5..9", "4 5..9"],
  },
  {
    name: "real time amid a write skew",
    history: `
      1 0..5: append y 1
      4 6..9: r x []
      2 0..9: r y [], append x 1
      3 6..20: r x [1], r y [1]`,
    finds: ["G2-item-realtime"],
    weakest: ["strict-serializable"],
    repair: ["4 6..9", "4 5..9"],
  },
];

/** Who was not answered may have committed: certainly if something of it was read; and it was over at no time. */
const UNANSWERED: readonly Omit<AnomalyStory, "workload">[] = [
  {
    name: "half of an unanswered transaction",
    history: `
      1 0.. unknown: append x 1, append y 1
      2 20..30: r x [1], r y []`,
    finds: ["G-single"],
    weakest: ["read-atomic", "consistent-view", "repeatable-read"],
    repair: ["r x [1]", "r x []"],
  },
  {
    name: "an unanswered transaction that was seen, then not",
    history: `
      1 0..5 unknown: append x 1
      2 20..30: r x [1]
      3 40..50: r x []`,
    finds: ["G-single-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["r x [1]", "r x []"],
  },
  {
    name: "unanswered writers that go through each other",
    history: `
      1 0.. unknown: append x 1, append y 1
      2 0..10: append x 2, append y 2
      3 5..20: r x [1 2], r y [2 1]`,
    finds: ["G0"],
    weakest: ["read-committed"],
    repair: ["[2 1]", "[1 2]"],
  },
  {
    name: "an unanswered write that took effect before it was asked for",
    history: `
      1 0..5: r x [1]
      2 6.. unknown: append x 1`,
    finds: ["G1c-realtime"],
    weakest: ["strong-read-committed"],
    repair: ["2 6..", "2 5.."],
  },
  {
    name: "a write that took effect late, though it was answered",
    history: `
      1 0..5: append x 1
      2 20..30: r x []
      3 40..50: r x [1]`,
    finds: ["G-single-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["1 0..5", "1 0..5 unknown"],
  },
  {
    name: "a client's write that took effect late, though it was answered",
    history: `
      1 0..5: append x 1
      1 5..30: r x []
      3 5..50: r x [1]`,
    finds: ["G-single-process"],
    weakest: ["strong-session-snapshot-isolation"],
    repair: ["1 0..5", "1 0..5 unknown"],
  },
];

const REGISTERS: readonly Omit<AnomalyStory, "workload">[] = [
  {
    name: "a read of what was aborted",
    history: `
      1 0..10 fail: w x 1
      2 0..10: r x 1`,
    finds: ["G1a"],
    weakest: ["read-committed"],
    repair: ["r x 1", "r x null"],
  },
  {
    name: "a read in the middle of a transaction",
    history: `
      1 0..10: w x 1, w x 2
      2 0..10: r x 1`,
    finds: ["G-single", "G1b"],
    weakest: ["read-committed"],
    repair: ["r x 1", "r x 2"],
  },
  {
    name: "a value from nowhere",
    history: "1 0..10: r x 7",
    finds: ["garbage read"],
    weakest: ["read-uncommitted"],
    repair: ["7", "null"],
  },
  {
    name: "a transaction that does not see what it did",
    history: "1 0..10: w x 1, r x null",
    finds: ["internal"],
    weakest: ["read-atomic"],
    repair: ["null", "1"],
  },
  {
    name: "a read of what the transaction will do",
    history: "1 0..10: r x 1, w x 1",
    finds: ["future read"],
    weakest: ["read-committed"],
    repair: ["r x 1", "r x null"],
  },
  {
    name: "two transactions that read each other",
    history: `
      1 0..10: w x 1, r y 1
      2 0..10: w y 1, r x 1`,
    finds: ["G1c"],
    weakest: ["read-committed"],
    repair: ["r y 1", "r y null"],
  },
  {
    name: "versions in a circle",
    history: `
      1 0..10: r x 1, w x 2
      2 0..10: r x 2, w x 1`,
    finds: ["cyclic versions"],
    weakest: ["read-uncommitted"],
    repair: ["r x 2", "r x null"],
  },
  {
    name: "writers of two registers in two orders",
    history: `
      1 0..10: w x 1, r y 2, w y 1
      2 0..10: r x 1, w x 2, w y 2`,
    finds: ["G0", "G1c"],
    weakest: ["read-uncommitted"],
    repair: ["r y 2", "r y null"],
  },
  {
    name: "half of a transaction",
    history: `
      1 0..10: w x 1, w y 1
      2 0..10: r x 1, r y null`,
    finds: ["G-single"],
    weakest: ["read-atomic", "consistent-view", "repeatable-read"],
    repair: ["r y null", "r y 1"],
  },
  {
    name: "a lost update",
    history: `
      1 0..10: r x null, w x 1
      2 0..10: r x null, w x 2`,
    finds: ["G2-item", "lost update"],
    weakest: ["cursor-stability"],
    repair: ["2 0..10: r x null", "2 0..10: r x 1"],
  },
  {
    name: "write skew",
    history: `
      1 0..10: r x null, w y 1
      2 0..10: r y null, w x 1`,
    finds: ["G2-item"],
    weakest: ["repeatable-read"],
    repair: ["r y null", "r y 1"],
  },
  {
    name: "a client that does not see its own write",
    history: `
      1 0..5: w x 1
      1 5..9: r x null`,
    finds: ["G-single-process", "cyclic versions-process"],
    weakest: ["strong-session-snapshot-isolation"],
    repair: ["1 5..9", "2 5..9"],
  },
  {
    name: "a stale read of what had been overwritten",
    history: `
      1 0..5: w x 1
      2 6..9: w x 2
      3 10..12: r x 1`,
    finds: ["cyclic versions-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["2 6..9", "2 5..9"],
  },
  {
    name: "a snapshot of two times",
    history: `
      1 0..5: w x 1
      2 6..9: w x 2
      3 10..12: w y 1
      4 4..13: r x 1, r y 1`,
    finds: ["G-single-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["r x 1", "r x 2"],
  },
  {
    name: "an overwritten value that came back",
    history: `
      1 0..5: w x 1
      2 6..9: w x 2
      3 10..12: r x 1`,
    finds: ["cyclic versions-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["1 0..5", "1 0..5 unknown"],
  },
  {
    name: "readers one after the other who see a later value first",
    history: `
      1 0..10: w x 1, r y 1
      2 0..10: w x 2, w y 1
      3 0..1: r x 1
      4 2..3: r x 2`,
    finds: ["G-single-realtime", "G1c-realtime"],
    weakest: ["strong-snapshot-isolation"],
    repair: ["4 2..3", "4 1..3"],
  },
  {
    name: "a read of what is only written later, with the same value before",
    history: `
      1 0..5 fail: w x 1
      2 6..9: r x 1
      3 10..12: w x 1`,
    finds: ["G1c-realtime"],
    weakest: ["strong-read-committed"],
    repair: ["1 0..5 fail", "1 0..5"],
    unclear: true,
  },
];

export const STORIES: readonly AnomalyStory[] = [
  ...[...LISTS, ...SESSIONS, ...UNANSWERED].map((told): AnomalyStory => ({ ...told, workload: "list-append" })),
  ...REGISTERS.map((told): AnomalyStory => ({ ...told, workload: "rw-register" })),
];
