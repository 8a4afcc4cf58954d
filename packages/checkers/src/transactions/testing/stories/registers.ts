import type { Told } from "./told.ts";

export const REGISTERS: readonly Told[] = [
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
