import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { casRegister } from "../models/register.ts";
import type { Verdict, Violation } from "../verdict.ts";
import type { PictureInput } from "./input.ts";

/** Short for an operation on key "x". `end` is undefined if it was never answered. */
export function op(
  process: number,
  f: string,
  input: unknown,
  output: unknown,
  call: number,
  end: number | undefined,
  node?: string,
): Operation {
  const outcome = end === undefined ? "unknown" : "ok";
  const by = node === undefined ? {} : { node };
  return { process, key: "x", f, input, output, call, return: end ?? NEVER_RETURNED, outcome, ...by };
}

/** Milliseconds: a node that was cut off from the others answers with a value that was written over. */
export function staleRead(): PictureInput & { readonly violation: Violation } {
  const history: History = [
    op(1, "write", 1, null, 20, 61, "n1"),
    op(2, "read", null, 1, 70, 96, "n2"),
    op(3, "cas", { from: 1, to: 3 }, true, 110, 171, "n1"),
    op(1, "read", null, 3, 180, 204, "n3"),
    op(4, "write", 9, null, 190, undefined),
    { ...op(2, "cas", { from: 7, to: 8 }, null, 215, 232, "n2"), outcome: "fail", output: undefined },
    op(3, "write", 4, null, 310, 380, "n1"),
    op(1, "read", null, 4, 384, 401, "n3"),
    op(2, "read", null, 3, 404, 412, "n2"),
    op(3, "read", null, 4, 430, 455, "n1"),
  ];
  const at = (index: number): Operation => history[index] as Operation;
  const order = [0, 1, 2, 3, 6, 7].map(at);
  const violation: Violation = {
    anomaly: "not linearizable",
    reason:
      'Key "x": nothing explains process 2 read → 3 (404..412). By then the value could only be 4 or 9. The last that fit were: process 3 write 4 (310..380); process 1 read → 4 (384..401).',
    operations: history.filter((_, index) => index !== 9),
    key: "x",
    culprit: at(8),
    order,
  };
  return {
    history,
    verdict: illegal(violation),
    violation,
    faults: [{ name: "partition", about: "n2 | n1 n3", from: 300, to: 440 }],
    unit: "ms",
    title: "stale-read.jsonl",
    checker: "linearizable",
    model: "cas-register",
    object: casRegister(),
  };
}

/** A transaction that was answered. */
export function txn(process: number, micro: readonly unknown[], call: number, end: number): Operation {
  return { process, key: "", f: "txn", input: micro, output: micro, call, return: end, outcome: "ok" };
}

const r = (key: string, value: unknown): unknown => ["r", key, value];
const append = (key: string, value: unknown): unknown => ["append", key, value];

/** Microseconds: two transactions that each did not see what the other appended. */
export function writeSkew(): PictureInput & { readonly violation: Violation } {
  const history: History = [
    txn(1, [append("x", 1)], 0, 800),
    txn(2, [append("y", 1)], 200, 1_100),
    txn(1, [r("x", [1]), append("y", 2)], 1_400, 2_600),
    txn(3, [r("y", [1]), append("x", 2)], 1_500, 2_450),
    txn(2, [r("x", [1, 2]), r("y", [1, 2])], 3_000, 3_700),
  ];
  const because = (first: string, key: string, second: string): string =>
    `${first} read ${key} as [1], without the 2 that ${second} appended, so ${first} came before ${second}.`;
  const violation: Violation = {
    anomaly: "G2-item",
    reason: "T1 and T2 each read what the other then changed: no order of the two explains both reads.",
    operations: [history[2] as Operation, history[3] as Operation],
    edges: [
      { from: 0, to: 1, kind: "rw", because: because("T1", "x", "T2") },
      { from: 1, to: 0, kind: "rw", because: because("T2", "y", "T1") },
    ],
  };
  const verdict = illegal(violation);
  return { history, verdict, violation, unit: "us", title: "write-skew.jsonl", checker: "serializable" };
}

export function illegal(violation: Violation): Verdict {
  return { type: "illegal", violations: [violation] };
}
