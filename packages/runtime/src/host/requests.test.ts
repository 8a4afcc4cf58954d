import assert from "node:assert/strict";
import { test } from "node:test";
import type { Requester, RequestFailure } from "../group.ts";
import { Requests } from "./requests.ts";

/** Writes down what it is told. */
class Asker implements Requester<string> {
  readonly heard: string[] = [];
  onFailure: () => void = () => {};

  applied(token: number, result: string): void {
    this.heard.push(`${token} ${result}`);
  }

  readable(): void {
    throw new Error("proposals are not reads");
  }

  failed(token: number, reason: RequestFailure): void {
    this.heard.push(`${token} ${reason}`);
    this.onFailure();
  }
}

const LATER = 1_000_000;

test("each request is answered once, in whatever order the answers come", () => {
  const requests = new Requests<string>(1024);
  const asker = new Asker();
  for (const token of [7, 8, 9]) requests.add(asker, token, LATER);
  requests.applied(2, "b");
  requests.applied(2, "again");
  requests.applied(3, "c");
  requests.applied(1, "a");
  requests.applied(4, "nobody asked");
  assert.deepEqual(asker.heard, ["8 b", "9 c", "7 a"]);
  assert.equal(requests.waiting, 0);
});

test("the ring grows while requests wait, and everyone still gets their own answer", () => {
  const requests = new Requests<string>(8192);
  const asker = new Asker();
  // So that the ring's end lies in the middle of what waits when it grows.
  for (let i = 1; i <= 700; i++) requests.applied(requests.add(asker, 0, LATER), "warm");
  asker.heard.length = 0;
  for (let token = 1; token <= 5000; token++) assert.equal(requests.add(asker, token, LATER), 700 + token);
  for (let token = 5000; token >= 1; token--) requests.applied(700 + token, "done");
  assert.deepEqual(
    asker.heard,
    Array.from({ length: 5000 }, (_, i) => `${5000 - i} done`),
  );
});

test("at its limit it takes no more until the oldest is answered", () => {
  const requests = new Requests<string>(4);
  const asker = new Asker();
  for (let token = 1; token <= 4; token++) assert.equal(requests.add(asker, token, LATER), token);
  assert.equal(requests.add(asker, 5, LATER), 0);
  requests.applied(3, "x");
  assert.equal(requests.add(asker, 5, LATER), 0, "the numbers of what waits may not lie further apart than the limit");
  requests.applied(1, "x");
  assert.equal(requests.add(asker, 5, LATER), 5);
  assert.equal(requests.waiting, 3);
});

test("what has waited too long fails, the oldest first, and the others go on waiting", () => {
  const requests = new Requests<string>(1024);
  const asker = new Asker();
  for (const deadline of [10, 20, 20, 30]) requests.add(asker, deadline, deadline);
  requests.applied(2, "in time");
  requests.expire(20);
  assert.deepEqual(asker.heard, ["20 in time", "10 timedOut", "20 timedOut"]);
  requests.applied(3, "too late");
  requests.applied(4, "in time");
  assert.deepEqual(asker.heard.slice(3), ["30 in time"]);
});

test("who asks again on being failed is not failed again by the same call", () => {
  const requests = new Requests<string>(1024);
  const asker = new Asker();
  asker.onFailure = () => void requests.add(asker, 9, LATER);
  for (const token of [1, 2]) requests.add(asker, token, LATER);
  requests.failAll("stopped");
  assert.deepEqual(asker.heard, ["1 stopped", "2 stopped"]);
  assert.equal(requests.waiting, 2);
  assert.ok(requests.anyWaits(1, 4) && !requests.anyWaits(1, 2));
});
