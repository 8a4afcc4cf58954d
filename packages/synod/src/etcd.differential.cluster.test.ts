/** The same random operations to Debian's etcd (etcd-server) and to Synod; more of them with `npm run differential`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Told } from "./differential/answers.ts";
import { compare } from "./differential/compare.ts";
import { KNOWN_DIFFERENCES } from "./differential/differences.ts";
import { hunt, keepInMemory, withBoth } from "./differential/hunt.ts";
import type { Operation } from "./differential/operation.ts";
import type { Side } from "./differential/side.ts";

keepInMemory();

async function equalFor(seed: string, operations: number, nodes: number): Promise<void> {
  const lines: string[] = [];
  const found = await hunt({ seed, operations, nodes, shrinkForMs: 15_000, say: (line) => lines.push(line) });
  assert.equal(found, undefined, lines.join("\n"));
}

test("1,500 operations are answered alike by etcd and one node, and leave the same hash", () =>
  equalFor("ci", 1500, 1));

test("300 more, asked of three nodes in turn", () => equalFor("ci, three nodes", 300, 3));

test("whatever is wrong with a transaction, the same is told of first", async () => {
  const past: Operation = {
    type: "txn",
    compare: [],
    success: [
      { type: "range", key: "a", revision: { exactly: 1 } },
      { type: "put", key: "x", ignoreValue: true, lease: 7 },
    ],
    failure: [],
  };
  const operations: Operation[] = [
    { type: "put", key: "a", value: "1" },
    { type: "compact", revision: { fromNewest: 0 } },
    past,
    { ...past, success: [past] },
  ];
  assert.equal(await withBoth(1, (sides) => compare(operations, sides)), undefined);
});

test("every known difference is still one", async () => {
  for (const { what, example, etcd, synod, concerns } of KNOWN_DIFFERENCES) {
    assert.ok(concerns(example.at(-1)!), what);
    const [one, other] = await withBoth(1, ([a, b]) => Promise.all([last(a, example), last(b, example)]));
    assert.match(one.text, etcd, what);
    assert.match(other.text, synod, what);
  }
});

async function last(side: Side, operations: readonly Operation[]): Promise<Told> {
  let told: Told = { text: "" };
  for (const operation of operations) told = await side.ask(operation);
  return told;
}
