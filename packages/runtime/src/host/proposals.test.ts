import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Requester, RequestFailure } from "../group.ts";
import { Proposals } from "./proposals.ts";

const heard: string[] = [];
const asker: Requester<string> = {
  applied: (token, result) => void heard.push(`${token} ${result}`),
  readable: () => assert.fail("proposals are not reads"),
  failed: (token: number, reason: RequestFailure) => void heard.push(`${token} ${reason}`),
};
beforeEach(() => {
  heard.length = 0;
});

const SECOND = 1_000_000;
const command = (size = 10): Uint8Array => new Uint8Array(size);

function proposals(limits: { requests?: number; batchBytes?: number } = {}): Proposals<string> {
  return new Proposals(1, 99, { requests: 1024, batchBytes: 100_000, ...limits });
}

const shape = (batches: readonly { first: number; count: number }[]): number[][] =>
  batches.map(({ first, count }) => [first, count]);

test("what comes in one turn is one batch, and a large turn is several", () => {
  const given = proposals({ batchBytes: 1000 });
  for (let token = 1; token <= 3; token++) given.add(command(), asker, token, SECOND);
  assert.deepEqual(shape(given.due(2, 1, 10, -1)), [[1, 3]]);
  for (let token = 4; token <= 8; token++) given.add(command(400), asker, token, SECOND);
  assert.deepEqual(shape(given.due(2, 1, 20, -1)), [
    [4, 2],
    [6, 2],
    [8, 1],
  ]);
  assert.deepEqual(shape(given.due(2, 1, 30, -1)), [], "this leader has them all");
});

test("another leader, another term, or a long silence: what is unanswered is handed out again, in its order", () => {
  const given = proposals();
  given.add(command(), asker, 1, SECOND);
  given.due(2, 1, 10, -1);
  given.add(command(), asker, 2, SECOND);
  assert.deepEqual(shape(given.due(3, 2, 20, -1)), [
    [1, 1],
    [2, 1],
  ]);
  assert.equal(given.due(3, 3, 30, -1).length, 2, "the same node in a later term may have lost them");
  assert.equal(given.due(3, 3, 40, 29).length, 0);
  assert.equal(given.due(3, 3, 50, 30).length, 2, "their message may be lost");
  given.requests.applied(1, "done");
  given.settle();
  assert.deepEqual(shape(given.due(2, 4, 60, -1)), [[2, 1]], "what is answered is not");
  given.requests.applied(2, "done");
  given.settle();
  assert.ok(!given.hasOutstanding);
});

test("refused by the only leader that ever had it, a batch has certainly failed", () => {
  const given = proposals();
  for (const token of [1, 2]) given.add(command(), asker, token, SECOND);
  const [batch] = given.due(2, 1, 10, -1);
  given.refused(batch!, "overloaded");
  assert.deepEqual(heard, ["1 overloaded", "2 overloaded"]);
  assert.ok(!given.hasOutstanding);
});

test("refused by a second leader it may yet be applied by way of the first: it goes on waiting", () => {
  const given = proposals();
  given.add(command(), asker, 1, SECOND);
  given.due(2, 1, 10, -1);
  const [batch] = given.due(3, 2, 20, -1);
  given.refused(batch!, "overloaded");
  assert.deepEqual(heard, []);
  assert.equal(given.due(3, 2, 30, -1).length, 1);
  given.requests.applied(1, "done");
  assert.deepEqual(heard, ["1 done"]);
});

test("too many that wait are refused, whoever they are", () => {
  const given = proposals({ requests: 4 });
  for (let token = 1; token <= 4; token++) assert.ok(given.add(command(), asker, token, SECOND));
  assert.ok(!given.add(command(), asker, 5, SECOND));
  assert.deepEqual(shape(given.due(2, 1, 10, -1)), [[1, 4]], "the refused one is in no batch");
});
