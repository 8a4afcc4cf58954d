/**
 * `synod check` against a cluster with a bug in it: it must turn red, with a sentence and a picture that point at what the
 * bug did, and stay green for the same cluster without it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LONG } from "./cluster-test/judged.ts";
import { assertGreen, assertPointsAt, checked, IMPOSSIBLE } from "./testing/planted/checked.ts";

const TIMEOUT = { timeout: 90_000 };
/** With this seed every partition leaves the leader alone, and many clients write by way of it. */
const CUTS = ["--time", "7s", "--nemesis", "partition", "--seed", "45", "--clients", "30"];

// Only in the long form: with its nodes ended by their own assertion, the check at times does not come to an end in time.
if (LONG)
  test("lost on leader change: a leader alone acknowledges what its successor never heard of", TIMEOUT, async () => {
    const found = await checked("lost on leader change", CUTS);
    assertPointsAt(found, IMPOSSIBLE);
    assert.match(found.page, /n\d \| n\d n\d/, "the partition is a band of the picture");
    assert.match(found.wrong.join(), /ended by itself .*a committed entry conflicts with the leader's/);
  });

test("without the bug, leaders are cut off and nothing is lost", TIMEOUT, async () => {
  const found = await checked(undefined, CUTS);
  assertGreen(found);
  assert.match(found.text, /partition \d/);
});
