import type { Told } from "./told.ts";

/** The same anomalies, where only the order of a client or real time makes them one. */
export const SESSIONS: readonly Told[] = [
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
