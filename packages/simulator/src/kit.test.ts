import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "@synod/checkers/history";
import { checkLinearizability } from "@synod/checkers/linearizability";
import { register } from "@synod/checkers/models/register";
import type { Verdict } from "@synod/checkers/verdict";
import { faultBands, findFault, type Kit, playKit, shrinkFinding } from "./kit.ts";
import type { KitPlan } from "./kit-plan.ts";

const judge = (history: History): Verdict => checkLinearizability(history, register());

/** One copy on each node; a write goes to all, and whoever is asked answers from its own. */
function copies(overrides: Partial<Kit<unknown>> = {}): Kit<unknown> {
  return {
    nodes: 3,
    start: ({ id, nodes, send, disk }) => ({
      receive: (_from, value) => disk.set("x", value),
      request({ f, input }, answer) {
        if (f === "read") return answer.ok(disk.get("x") ?? null);
        disk.set("x", input);
        for (const other of nodes) if (other !== id) send(other, input);
        answer.ok(null);
      },
    }),
    ask: (random, number) => ({
      f: random.pick(["read", "write"]),
      key: "x",
      input: number,
      to: random.between(1, 3),
    }),
    ...overrides,
  };
}

const step = (f: string, to: number, at: number, client = 0): KitPlan["operations"][number] => {
  return { f, key: "x", input: f === "write" ? at : null, to, at, client };
};

test("a seed gives the same run every time, another seed another one", () => {
  assert.deepEqual(playKit(copies(), 7), playKit(copies(), 7));
  assert.notDeepEqual(playKit(copies(), 7).history, playKit(copies(), 8).history);
});

test("a stale read is found, and shrunk to the two operations that make it, without any fault", () => {
  const found = findFault(copies(), judge, 50);
  assert.ok(found !== undefined);
  const { run } = shrinkFinding(copies(), found, judge);
  assert.deepEqual(
    run.history.map(({ f }) => f),
    ["write", "read"],
  );
  assert.deepEqual(run.plan.faults, []);
  assert.equal(judge(playKit(copies(), run.seed, run.plan).history).type, "illegal", "the plan plays it again");
});

test("a crash leaves the disk, and takes timers, answers and whatever arrives with it", () => {
  const log: string[] = [];
  const kit = copies({
    nodes: 1,
    start: ({ restarts, after, disk }) => {
      log.push(`start ${restarts} with ${disk.get("x") ?? "nothing"}`);
      after(10_000, () => log.push(`timer of ${restarts}`));
      return {
        receive: () => {},
        request({ input }, answer) {
          disk.set("x", input);
          after(2_000, () => answer.ok(null));
        },
      };
    },
  });
  const faults = [{ kind: "crash", nodes: [1], from: 6_000, until: 20_000 } as const];
  const operations = [
    step("write", 1, 1_000),
    step("write", 1, 5_000),
    step("write", 1, 7_000, 1),
    step("write", 1, 21_000, 2),
    step("write", 1, 400_000),
  ];
  const { history } = playKit(kit, 1, { operations, faults });
  assert.deepEqual(
    history.map(({ outcome }) => outcome),
    ["ok", "unknown", "unknown", "ok", "ok"],
  );
  assert.deepEqual(log.slice(0, 2), ["start 0 with nothing", "start 1 with 5000"]);
  assert.ok(!log.includes("timer of 0"));
  const processes = history.map(({ process }) => process);
  assert.deepEqual(processes, [1, 1, 2, 3, 4], "who gave up goes on as somebody else");
});

test("nothing passes a cut, a pause keeps everything for later, and both end", () => {
  const cut = { kind: "partition", nodes: [1], from: 0, until: 50_000 } as const;
  const operations = [
    step("write", 1, 1_000),
    step("read", 2, 40_000, 1),
    step("write", 1, 60_000),
    step("read", 2, 90_000, 1),
  ];
  const outputs = playKit(copies(), 1, { operations, faults: [cut] }).history.map(({ output }) => output);
  assert.deepEqual(outputs, [null, null, null, 60_000]);
  const pause = { kind: "pause", nodes: [2], from: 500, until: 50_000 } as const;
  const paused = playKit(copies(), 1, {
    operations: [step("write", 1, 1_000), step("read", 2, 2_000, 1)],
    faults: [pause],
  });
  const [, read] = paused.history;
  assert.ok(read!.return >= 50_000, `${read!.return}`);
  assert.deepEqual(faultBands(paused), [{ name: "pause", about: "n2", from: 500, to: 50_000 }]);
});

test("a node that is slow or loses messages is only that", () => {
  const operations = [step("write", 1, 1_000), step("read", 2, 30_000, 1)];
  const slow = { kind: "delay", nodes: [1], from: 0, until: 100_000 } as const;
  assert.equal(playKit(copies(), 1, { operations, faults: [slow] }).history[1]!.output, null);
  const lossy = { kind: "loss", nodes: [1], from: 0, until: 100_000 } as const;
  const outputs = Array.from(
    { length: 20 },
    (_, seed) => playKit(copies(), seed, { operations, faults: [lossy] }).history[1]!.output,
  );
  assert.ok(outputs.includes(null) && outputs.includes(1_000), JSON.stringify(outputs));
});

test("two that answer each other for ever do not keep the world running for ever", () => {
  const kit = copies({
    start: ({ id, send }) => ({
      receive: (from, message) => send(from, message),
      request: () => send((id % 3) + 1, "ping"),
    }),
    giveUpAfter: 100_000_000,
  });
  const { history } = playKit(kit, 1, { operations: [step("write", 1, 1_000)], faults: [] });
  assert.equal(history[0]!.outcome, "unknown");
});
