import type { Told } from "./told.ts";

export const LISTS: readonly Told[] = [
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
