import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Deadline } from "./limits.ts";
import { WaitingLine } from "./waiting-line.ts";

/** What a terminal, or something else, gets to see. */
function shown(isTTY: boolean, use: (line: WaitingLine) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "synod-waiting-"));
  const path = join(folder, "screen");
  const fd = openSync(path, "w");
  try {
    use(new WaitingLine({ isTTY, fd }));
    return readFileSync(path, "utf8");
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

const wait = (line: WaitingLine): void => {
  line.show("reading a.edn");
  line.show("judging 5 operations: linearizable?", 0.5, 30_000);
  line.end();
};

test("a terminal has one line that is written over and taken away at the end; nothing else has any", () => {
  const bar = `${"█".repeat(12)}${"░".repeat(12)}`;
  const text = `\rreading a.edn\x1b[K\r${bar} 30.0 s · judging 5 operations: linearizable?\x1b[K\r\x1b[K`;
  assert.equal(shown(true, wait), text);
  assert.equal(shown(false, wait), "");
});

test("time that is up and memory that is used up end the work, and say which it was", () => {
  const time = new Deadline({ milliseconds: 0.001 }, () => {});
  while (!time.isOver());
  assert.equal(time.reached, "after 0.000001 s");
  let watched = 0;
  const memory = new Deadline({ bytes: 1000 }, () => {
    watched += 1;
  });
  assert.equal(memory.isOver(), true);
  assert.match(memory.reached ?? "", /^with 0 MiB in use$/);
  assert.equal(watched, 1);
  const neither = new Deadline({ milliseconds: 3_600_000 }, () => {});
  assert.deepEqual([neither.isOver(), neither.reached], [false, undefined]);
});
