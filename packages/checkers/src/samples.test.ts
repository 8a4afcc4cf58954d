import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkLinearizability } from "./linearizability.ts";
import type { Model } from "./model.ts";
import { MODELS } from "./models/named.ts";
import type { HistoryFile } from "./readers/history-file.ts";
import { readHistory } from "./readers/read-history.ts";
import { synodLines } from "./readers/synod-format.ts";
import type { Verdict } from "./verdict.ts";

const testdata = join(import.meta.dirname, "..", "testdata");

function read(folder: string, name: string): HistoryFile {
  return readHistory(readFileSync(join(testdata, folder, name)));
}

function modelOf({ model, history }: HistoryFile): Model<unknown> {
  // A folder of registers has some files without a single compare-and-set.
  return (MODELS[model === "kv" ? "kv" : "cas-register"] as (typeof MODELS)[string])(history);
}

function judged(file: HistoryFile): Verdict {
  return checkLinearizability(file.history, modelOf(file));
}

for (const folder of ["porcupine-kv", "knossos-cas-register/good", "knossos-cas-register/bad"]) {
  const names = readdirSync(join(testdata, folder));
  test(`${names.length} histories of ${folder} are judged as those who recorded them say`, () => {
    assert.ok(names.length >= 3);
    for (const name of names) {
      const file = read(folder, name);
      const isBad = name.includes("-bad") || folder.endsWith("bad");
      assert.equal(judged(file).type, isBad ? "illegal" : "ok", name);
    }
  });
}

test("what the samples are blamed for is impossible by itself, and short", () => {
  for (const [folder, name, longest] of [
    ["porcupine-kv", "c01-bad.txt", 3],
    ["porcupine-kv", "c10-bad.txt", 20],
    ["knossos-cas-register/bad", "rethink-fail-smaller.edn", 40],
  ] as const) {
    const file = read(folder, name);
    const verdict = judged(file);
    assert.equal(verdict.type, "illegal");
    for (const { operations, culprit, key = "" } of verdict.type === "illegal" ? verdict.violations : []) {
      assert.ok(operations.length <= longest, `${name} ${key}: ${operations.length} operations`);
      assert.equal(checkLinearizability(operations, modelOf(file)).type, "illegal");
      assert.ok(culprit !== undefined && operations.includes(culprit));
      assert.ok(operations.every((operation) => file.history.includes(operation)));
    }
  }
});

test("the stale read of one client is told in one sentence", () => {
  const verdict = judged(read("porcupine-kv", "c01-bad.txt"));
  assert.equal(
    verdict.type === "illegal" && verdict.violations[0].reason,
    'Key "7": process 0 read "x 0 0 y" (58..59), but by then the value could only be "x 0 0 yx 0 3 y". ' +
      'Before it came process 0 appended "x 0 3 y" (54..55).',
  );
});

test("written in our own form and read again, a history is the same", () => {
  for (const [folder, name] of [
    ["porcupine-kv", "c10-bad.txt"],
    ["knossos-cas-register/good", "mongodb-v0-ack-rollback-1.edn"],
    ["knossos-cas-register/bad", "rethink-fail-smaller.edn"],
  ] as const) {
    const file = read(folder, name);
    assert.deepEqual(readHistory([...synodLines(file)].join("\n")), file);
  }
});
