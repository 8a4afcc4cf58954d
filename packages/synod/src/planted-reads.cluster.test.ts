/**
 * `synod check` against a cluster with a bug in it: it must turn red, with a sentence and a picture that point at what the
 * bug did, and stay green for the same cluster without it.
 */
import { test } from "node:test";
import { assertGreen, assertPointsAt, checked, IMPOSSIBLE } from "./testing/planted/checked.ts";

const TIMEOUT = { timeout: 90_000 };
const CONFLICT = ["--time", "3s", "--distribution", "conflict", "--seed", "1"];

test("stale read: a follower answers from what it has", TIMEOUT, async () => {
  assertPointsAt(await checked("stale read", CONFLICT), IMPOSSIBLE);
});

test("duplicate apply: a proposal that was sent again brings an old value back", TIMEOUT, async () => {
  assertPointsAt(await checked("duplicate apply", CONFLICT), IMPOSSIBLE);
});

test("the same cluster without a bug is found to hold", TIMEOUT, async () => {
  assertGreen(await checked(undefined, CONFLICT));
});
