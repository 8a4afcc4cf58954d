import assert from "node:assert/strict";
import { test } from "node:test";
import { explainStandstill, isConverged } from "./liveness.ts";

type Nodes = Parameters<typeof explainStandstill>[0];
interface Sketch {
  role?: string;
  term?: number;
  applied?: number;
  recovering?: boolean;
  down?: boolean;
  outgoing?: number[];
}

/** Members of one configuration, as the watchdog sees them. */
function cluster(...sketches: Sketch[]): Nodes {
  const voters = sketches.map((_, i) => i + 1);
  const nodes = sketches.map((sketch, i) => {
    const { role = "follower", term = 1, applied = 5, recovering = false, outgoing = [] } = sketch;
    const configuration = { voters, outgoing, learners: [] };
    const member = { role, term, commitIndex: applied, lastIndex: applied, recovering, configuration };
    const up = sketch.down !== true;
    return { id: i + 1, up, absent: false, damaged: false, appliedIndex: applied, member: up ? member : undefined };
  });
  return [undefined, ...nodes] as unknown as Nodes;
}

test("too few voters: no quorum, and how many are missing", () => {
  const nodes = cluster({}, { recovering: true }, { down: true });
  assert.match(
    explainStandstill(nodes, 1, 5),
    /No quorum: 2 voters are needed, 1 can vote\. n1 follower.*n2 follower \(recovering\)/,
  );
});

test("a quorum without a leader: livelock, or terms that chase each other", () => {
  assert.match(explainStandstill(cluster({}, {}, {}), 1, 5), /livelock or nobody campaigns/);
  assert.match(explainStandstill(cluster({ term: 8 }, { term: 9 }, {}), 1, 5), /terms differ/);
});

test("a leader and somebody who never caught up", () => {
  const nodes = cluster({ role: "leader" }, {}, { applied: 2 });
  assert.match(explainStandstill(nodes, 0, 5), /n1 leads, but n3 never caught up/);
  assert.equal(isConverged(nodes, 5), false);
});

test("a joint configuration that never ends", () => {
  const nodes = cluster({ role: "leader", outgoing: [1, 2] }, {}, {});
  assert.match(explainStandstill(nodes, 1, 5), /its joint configuration never ends/);
});

test("all caught up, and clients still wait", () => {
  const nodes = cluster({ role: "leader" }, {}, { down: true });
  assert.match(explainStandstill(nodes, 3, 5), /everybody has caught up, but 3 clients still wait/);
  assert.equal(isConverged(nodes, 5), true);
});
