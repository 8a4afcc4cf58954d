import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Requester, RequestFailure } from "../group.ts";
import { Reads } from "./reads.ts";

const heard: string[] = [];
const asker: Requester<void> = {
  applied: () => assert.fail("reads are not proposals"),
  readable: (token: number) => void heard.push(`${token}`),
  failed: (token: number, reason: RequestFailure) => void heard.push(`${token} ${reason}`),
};
beforeEach(() => {
  heard.length = 0;
});

const SECOND = 1_000_000;

test("the reads of one turn are asked for together and wait until the index is applied", () => {
  const reads = new Reads<void>(100, 50);
  for (const token of [1, 2, 3]) assert.ok(reads.add(asker, token, SECOND));
  assert.equal(reads.take(0), 50);
  assert.ok(!reads.hasNew);
  reads.serve(1000);
  assert.deepEqual(heard, [], "not confirmed yet");
  reads.confirmed(50, 12);
  reads.serve(11);
  assert.deepEqual(heard, [], "confirmed, and the state is not there yet");
  reads.serve(12);
  assert.deepEqual(heard, ["1", "2", "3"]);
  assert.equal(reads.waiting, 0);
});

test("an unanswered batch is asked for again under a new name, and an answer to the old one counts no more", () => {
  const reads = new Reads<void>(100, 1);
  reads.add(asker, 7, SECOND);
  assert.equal(reads.take(100), 1);
  assert.deepEqual(reads.retry(150, 50), []);
  assert.deepEqual(reads.retry(700, 200), [2]);
  reads.confirmed(1, 5);
  reads.serve(5);
  assert.deepEqual(heard, []);
  reads.confirmed(2, 6);
  assert.deepEqual(reads.retry(2000, 1500), [], "confirmed: nothing to ask");
  reads.serve(6);
  assert.deepEqual(heard, ["7"]);
});

test("reads that no leader could be asked for fail at their time, too", () => {
  const reads = new Reads<void>(100, 1);
  reads.add(asker, 1, SECOND);
  reads.add(asker, 2, SECOND + 50_000);
  reads.add(asker, 3, 3 * SECOND);
  reads.expire(SECOND - 1);
  assert.deepEqual(heard, []);
  reads.expire(SECOND);
  assert.deepEqual(heard, ["1 timedOut", "2 timedOut"], "2 shares the fate of 1, which came just before it");
  // A leader at last: what was set aside is asked for by the retry, what is new by the turn.
  reads.add(asker, 4, 5 * SECOND);
  assert.deepEqual(reads.retry(2 * SECOND, SECOND), [1]);
  assert.equal(reads.take(2 * SECOND), 2);
  reads.confirmed(1, 9);
  reads.confirmed(2, 9);
  reads.serve(9);
  assert.deepEqual(heard.slice(2), ["3", "4"]);
});

test("too many reads are refused, and the end fails all that wait", () => {
  const reads = new Reads<void>(2, 1);
  assert.ok(reads.add(asker, 1, SECOND));
  reads.take(0);
  assert.ok(reads.add(asker, 2, SECOND));
  assert.ok(!reads.add(asker, 3, SECOND));
  reads.failAll("stopped");
  assert.deepEqual(heard, ["1 stopped", "2 stopped"]);
  assert.equal(reads.waiting, 0);
  assert.ok(reads.add(asker, 3, SECOND));
});
