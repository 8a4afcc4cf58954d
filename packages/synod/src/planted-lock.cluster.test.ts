/**
 * `synod check` against a cluster with a bug in it: it must turn red, with a sentence and a picture that point at what the
 * bug did, and stay green for the same cluster without it.
 */
import { test } from "node:test";
import { assertGreen, assertPointsAt, checked } from "./testing/planted/checked.ts";

const TIMEOUT = { timeout: 90_000 };
const LOCKS = ["--time", "5s", "--workload", "locks", "--seed", "1"];

test("non-fenced lock: who has lost it in its sleep writes after the next holder", TIMEOUT, async () => {
  assertPointsAt(await checked("non-fenced lock", LOCKS), /was accepted after .* whose token is newer/);
});

test("the same cluster without a bug refuses whoever has slept too long", TIMEOUT, async () => {
  assertGreen(await checked(undefined, LOCKS));
});
