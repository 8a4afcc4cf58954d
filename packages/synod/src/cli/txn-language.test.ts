import assert from "node:assert/strict";
import { test } from "node:test";
import { withPrefix } from "@synod/client/bytes";
import { compare, op } from "@synod/client/txn";
import { parseCondition, parseOperation } from "./txn-language.ts";

test("conditions read as they are written", () => {
  assert.deepEqual(parseCondition("value(door) = open"), compare.value("door", "=", "open"));
  assert.deepEqual(parseCondition('value("my door")="wide \\"open\\""'), compare.value("my door", "=", 'wide "open"'));
  assert.deepEqual(parseCondition("version( door ) > 0"), compare.version("door", ">", 0));
  assert.deepEqual(parseCondition("modified(door) != 17"), compare.modRevision("door", "!=", 17));
  assert.deepEqual(parseCondition("created(door) < 17"), compare.createRevision("door", "<", 17));
  assert.deepEqual(parseCondition("lease(door) = 0"), compare.lease("door", "=", 0n));
});

test("operations read as they are written", () => {
  assert.deepEqual(parseOperation("put door closed"), op.put("door", "closed"));
  assert.deepEqual(parseOperation('put "my door" ""'), op.put("my door", ""));
  assert.deepEqual(parseOperation("get door"), op.get("door"));
  assert.deepEqual(parseOperation("del --prefix do"), op.delete(withPrefix("do")));
});

test("what cannot be read is answered with how to write it", () => {
  assert.throws(
    () => parseCondition("door = open"),
    /"door = open" is no condition: write it as in value\(door\) = open/,
  );
  assert.throws(() => parseCondition("colour(door) = red"), /value, version, modified, created or lease/);
  assert.throws(() => parseCondition("version(door) = many"), /compare with a whole number/);
  assert.throws(() => parseOperation("put door"), /"put door" is no operation: write put KEY VALUE/);
  assert.throws(() => parseOperation("put door wide open"), /write put KEY VALUE/);
  assert.throws(() => parseOperation('put door "\\q"'), /JSON's escapes/);
});
