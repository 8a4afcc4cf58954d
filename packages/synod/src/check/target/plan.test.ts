import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../cli/settings.ts";
import { planOf, type TargetPlan } from "./plan.ts";
import { targetSettings } from "./settings.ts";

function plan(flags: Readonly<Record<string, string>>): TargetPlan {
  return planOf(settle(targetSettings, { flags, environment: {} }), () => 42);
}

/** The sentence with which the flags are refused. */
function refusal(flags: Readonly<Record<string, string>>): string {
  try {
    plan(flags);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

test("a target of our own has three nodes, ten clients, registers and a minute, and any seed", () => {
  assert.deepEqual(plan({ target: "synod" }), {
    subject: { type: "own", program: "synod", nodes: 3 },
    ...{ workload: "register", distribution: "uniform", nemesis: [], clients: 10, rate: 500 },
    ...{ milliseconds: 60_000, seed: 42 },
  });
  const { nemesis, milliseconds, seed } = plan({ target: "etcd", nemesis: "kill,pause,kill", time: "5m", seed: "7" });
  assert.deepEqual([nemesis, milliseconds, seed], [["kill", "pause"], 300_000, 7]);
});

test("a running cluster is given by its addresses", () => {
  assert.deepEqual(plan({ target: "etcd://127.0.0.1:2379,[::1]:2380" }).subject, {
    type: "running",
    places: [
      { name: "127.0.0.1:2379", address: "127.0.0.1:2379" },
      { name: "[::1]:2380", address: "[::1]:2380" },
    ],
  });
  assert.match(refusal({ target: "etcd://127.0.0.1" }), /"127\.0\.0\.1" is no host:port; write etcd:/);
  assert.match(refusal({ target: "http://127.0.0.1:2379" }), /give synod or etcd, which start a cluster/);
});

test("what cannot be done is refused in a sentence that says what can", () => {
  assert.match(
    refusal({ target: "etcd://a:1", nemesis: "kill" }),
    /hurts only clusters that this command has started: leave/,
  );
  assert.match(refusal({ target: "etcd", nemesis: "disk" }), /disk is not for --target etcd: which files/);
  assert.match(refusal({ target: "etcd", nemesis: "clock" }), /clock is not for --target etcd: etcd's clocks/);
  assert.match(refusal({ target: "synod", nemesis: "disk", nodes: "2" }), /disk needs three nodes or more/);
  assert.match(refusal({ target: "synod", nemesis: "fire" }), /no such fault; there are kill, pause, partition/);
  assert.match(refusal({ target: "amqp://localhost" }), /no AMQP client yet; .* synod check FILE/);
  assert.match(refusal({ target: "synod", workload: "queues" }), /none does yet: use register, transactions/);
  assert.match(refusal({ target: "synod", time: "5" }), /--time is "5": give a time from 1s to 24h, such as 90s or 5m/);
});
