import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FaultKind, type Mutant, SECOND, type SimulationConfig } from "./config.ts";
import type { Fault } from "./plan.ts";
import { type SimulationResult, shrinkResult, simulate } from "./simulate.ts";

/** Three nodes, five clients, a quick network, no faults but those a test asks for. */
const CALM: Partial<SimulationConfig> = {
  nodes: 3,
  spares: 1,
  duration: 5 * SECOND,
  faults: [],
  checkedCodec: false,
  maxBatch: 1,
  snapshotEvery: 1000,
  forward: false,
  raft: { electionTimeout: 300_000, heartbeatInterval: 50_000 },
  disk: { model: "light", minSync: 100, meanSync: 500 },
  network: {
    minDelay: 100,
    meanDelay: 1000,
    uniformDelay: false,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    capacity: 1000,
  },
  workload: {
    clients: 5,
    keys: 2,
    meanRest: 20_000,
    retryAfter: 300_000,
    giveUpAfter: 3_000_000,
    operations: 100,
    reads: 300_000,
    swaps: 200_000,
  },
};

let nextFault = 1;
function fault(kind: FaultKind, at: number, seconds: number, more: Partial<Fault> = {}): Fault {
  return {
    id: nextFault++,
    kind,
    at: at * SECOND,
    until: (at + seconds) * SECOND,
    node: 0,
    peer: 0,
    amount: 0,
    ...more,
  };
}

function calm(plan: readonly Fault[], config: Partial<SimulationConfig> = {}, seed = 1): SimulationResult {
  const result = simulate({ seed, plan, config: { ...CALM, ...config } });
  assert.equal(result.failure, undefined, JSON.stringify(result.failure));
  return result;
}

describe("determinism", () => {
  test("the same seed gives the same trace, twice, and whether anybody watches or not", () => {
    for (const seed of [1, 2, 3, 4]) {
      const config = { duration: 3 * SECOND };
      const first = simulate({ seed, config });
      let watched = 0;
      const second = simulate({ seed, config, observer: () => watched++ });
      assert.equal(first.traceHash, second.traceHash);
      assert.deepEqual(first, second);
      assert.equal(watched, second.events);
    }
  });

  test("another seed gives another trace", () => {
    assert.notEqual(calm([], {}, 1).traceHash, calm([], {}, 2).traceHash);
  });

  test("leaving out one fault does not change what another one draws", () => {
    const crash = fault("crash", 1, 0.5, { node: 1 });
    const swizzle = fault("swizzle", 3, 0.5);
    assert.equal(calm([crash, swizzle]).faults.swizzle, 1);
    assert.equal(calm([swizzle]).faults.swizzle, 1);
  });
});

describe("a calm world", () => {
  test("completes every operation and loses nothing", () => {
    const result = calm([]);
    assert.equal(result.operations.unknown, 0);
    assert.ok(result.operations.completed > 200, `${result.operations.completed}`);
    assert.equal(result.goals["leader elected"], 1);
    assert.equal(result.network.lost + result.network.cut + result.network.duplicated, 0);
  });

  test("the real write-ahead log and the codecs carry the same load", () => {
    const result = calm([], { disk: { model: "full", minSync: 100, meanSync: 500 }, checkedCodec: true, maxBatch: 8 });
    assert.ok(result.operations.completed > 200, `${result.operations.completed}`);
  });
});

describe("each fault takes place and has its effect", () => {
  test("a crashed leader is replaced, and comes back", () => {
    const result = calm([fault("crash", 2, 1)]);
    assert.equal(result.faults.crash, 1);
    assert.ok(result.goals["leader elected"]! >= 2);
  });

  test("a paused leader is replaced, and what it missed arrives when it runs again", () => {
    const result = calm([fault("pause", 2, 1.5)]);
    assert.ok(result.goals["leader elected"]! >= 2);
  });

  test("partitions of every shape cut messages", () => {
    const shapes: [FaultKind, Partial<Fault>][] = [
      ["partition", { amount: 1 }],
      ["oneWay", { amount: 2 }],
      ["isolate", {}],
      ["ring", {}],
      ["bridge", { node: 1 }],
    ];
    for (const [kind, more] of shapes) {
      const nodes = kind === "ring" || kind === "bridge" ? 5 : 3;
      const result = calm([fault(kind, 1, 2, more)], { nodes });
      assert.equal(result.faults[kind], 1, kind);
      assert.ok(result.network.cut > 0, kind);
    }
  });

  test("links clog, lose, delay, duplicate and reorder", () => {
    const kinds: [FaultKind, keyof SimulationResult["network"], number][] = [
      ["swizzle", "clogged", 0],
      ["clog", "clogged", 0],
      ["loss", "lost", 300_000],
      ["duplicate", "duplicated", 300_000],
      ["reorder", "overtaking", 900_000],
    ];
    for (const [kind, counter, amount] of kinds) {
      const result = calm([fault(kind, 1, 2, { node: 1, peer: 2, amount })]);
      assert.ok(result.network[counter] > 0, `${kind}: ${JSON.stringify(result.network)}`);
    }
    const delayed = calm([fault("delay", 1, 2, { node: 0, amount: 1_500_000 })]);
    assert.ok(delayed.goals["leader elected"]! >= 2);
  });

  test("clocks run fast, leap, and nobody's data suffer", () => {
    const result = calm([
      fault("skew", 1, 2, { amount: 1_000_000 }),
      fault("leap", 2, 1, { node: 2, amount: 3_000_000 }),
    ]);
    assert.equal(result.faults.skew, 1);
    assert.equal(result.faults.leap, 1);
  });

  test("a slow disk slows, a failing sync ends its process", () => {
    const quick = calm([]);
    const slow = calm([1, 2, 3].map((node) => fault("slowDisk", 0.6, 4, { node, amount: 100_000 })));
    assert.ok(slow.committed < quick.committed * 0.8, `${slow.committed} of ${quick.committed}`);
    assert.equal(calm([fault("failingSync", 2, 1)]).goals["node stopped by a failed sync"], 1);
  });

  test("a member whose log was harmed takes part again only when it has everything back", () => {
    for (const kind of ["bitFlip", "misdirect"] as const) {
      assert.equal(calm([fault(kind, 2, 0.5, { node: 2 })]).faults[kind], 1);
    }
  });

  test("a voter that lost its disk never comes back; a new member takes its place", () => {
    const result = calm([fault("amnesia", 1, 0, { node: 2 })]);
    assert.equal(result.goals["voter added"], 1);
    assert.equal(result.goals["member removed"], 1);
  });

  test("the atlas spares the second disk of three", () => {
    const result = calm([fault("amnesia", 1, 0, { node: 2 }), fault("bitFlip", 1.001, 0.5, { node: 3 })]);
    assert.equal(result.faults.bitFlip, undefined);
    assert.equal(result.goals["spared by the fault atlas"], 1);
  });

  test("leadership is handed over, members come and go", () => {
    const moved = calm([fault("transfer", 2, 0, { peer: 1 }), fault("transfer", 3, 0, { peer: 2 })]);
    assert.ok(moved.goals["leader elected"]! >= 2);
    const grown = calm([fault("membership", 1, 0, { peer: 4 }), fault("membership", 2, 0, { peer: 1, amount: 1 })]);
    assert.ok(grown.goals["joint configuration"]! > 0);
    assert.equal(grown.goals["voter added"], 1);
  });

  test("a node that was down long enough is sent a snapshot", () => {
    const result = calm([fault("crash", 0.5, 4, { node: 2 })], { snapshotEvery: 10 });
    assert.ok(result.goals["snapshot installed"]! >= 1);
  });
});

/** Slow disks and lossy links: time and reason enough for a mistake to show. */
const HARSH: Partial<SimulationConfig> = {
  ...CALM,
  meanFaultGap: 300_000,
  disk: { model: "light", minSync: 500, meanSync: 8_000 },
  network: { ...CALM.network!, loss: 50_000 },
};

describe("planted bugs are found", () => {
  const mutants: [Mutant, FaultKind[], string[]][] = [
    ["sendBeforeDurable", ["crash"], ["durability"]],
    ["noDeduplication", ["loss", "isolate"], ["exactly once", "linearizability"]],
    ["staleReads", ["isolate"], ["linearizability"]],
    ["forgetVotes", ["crash"], ["durability"]],
    ["silentAmnesia", ["amnesia", "isolate"], ["assertion", "durability", "state machine safety", "liveness"]],
  ];
  for (const [mutant, faults, properties] of mutants) {
    test(`${mutant} is caught within a few seeds`, () => {
      let found: SimulationResult | undefined;
      for (let seed = 1; seed <= 30 && found === undefined; seed++) {
        const config = {
          ...CALM,
          faults,
          mutant,
          meanFaultGap: 300_000,
          disk: { model: "light", minSync: 500, meanSync: 8_000 },
        };
        const result = simulate({ seed, config: config as Partial<SimulationConfig> });
        if (result.failure !== undefined) found = result;
      }
      assert.ok(found?.failure !== undefined, "not found");
      assert.ok(properties.includes(found.failure.property), JSON.stringify(found.failure));
    });
  }

  test("a failing run shrinks to fewer faults, and the small one still fails", () => {
    const config: Partial<SimulationConfig> = { ...HARSH, faults: ["isolate", "pause", "delay"], mutant: "staleReads" };
    const seeds = Array.from({ length: 10 }, (_, i) => i + 1);
    const seed = seeds.find((candidate) => simulate({ seed: candidate, config }).failure !== undefined)!;
    const result = simulate({ seed, config });
    const small = shrinkResult(result, 60)!;
    assert.ok(small.plan.length < result.plan.length, `${small.plan.length} of ${result.plan.length}`);
    const again = simulate({ seed, config: small.config, plan: small.plan });
    assert.equal(again.failure?.property, result.failure?.property);
  });
});
