/**
 * `synod check` against a cluster with a bug in it: it must turn red, with a sentence and a picture that point at what the
 * bug did, and stay green for the same cluster without it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGreen, assertPointsAt, checked, IMPOSSIBLE } from "./testing/planted/checked.ts";

const TIMEOUT = { timeout: 90_000 };
/** With this seed the first two kills are of all nodes. */
const KILLS = ["--time", "4s", "--nemesis", "kill", "--seed", "37"];

test("acknowledged before fsync: after a kill of all nodes, what was acknowledged is gone", TIMEOUT, async () => {
  const found = await checked("acknowledged before fsync", KILLS);
  assertPointsAt(found, IMPOSSIBLE);
  assert.match(found.page, /n1 n2 n3 killed/, "the kill is a band of the picture");
});

test(
  "the same disk, which forgets what was not synced, costs nothing whoever waits for the sync",
  TIMEOUT,
  async () => {
    const found = await checked("forgetful disk", KILLS);
    assertGreen(found);
    assert.match(found.text, /kill \d/);
  },
);
