import type { Told } from "./told.ts";

/** Who was not answered may have committed: certainly if something of it was read; and it was over at no time. */
export const UNANSWERED: readonly Told[] = [
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
