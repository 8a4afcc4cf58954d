import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { createLogger } from "@synod/runtime/log/logger";
import { AuditFile } from "./audit-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "synod-audit-"));
  path = join(folder, "audit.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

const logger = createLogger({ level: "error", format: "json", node: "n1" });
const line = (index: number): string => `${JSON.stringify({ index, op: "put" })}\n`;

test("what was written is there, and the next start knows how far it goes, whatever a crash has left behind it", async () => {
  const file = new AuditFile(path, logger);
  assert.equal(file.lastIndex, 0);
  file.write(line(7));
  file.write(line(9));
  await file.close();
  writeFileSync(path, '{"index":1', { flag: "a" });
  const again = new AuditFile(path, logger);
  assert.equal(again.lastIndex, 9);
  again.write(line(12));
  await again.close();
  assert.equal(readFileSync(path, "utf8"), `${line(7)}${line(9)}{"index":1\n${line(12)}`);
});

test("a full file is put aside, and only so many are kept; the last index is found there", async () => {
  const file = new AuditFile(path, logger, { rotateBytes: 30, keep: 2 });
  for (let index = 1; index <= 8; index++) {
    file.write(line(index));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await file.close();
  assert.equal(readFileSync(path, "utf8"), "");
  assert.equal(readFileSync(`${path}.1`, "utf8"), line(7) + line(8));
  assert.equal(readFileSync(`${path}.2`, "utf8"), line(5) + line(6));
  assert.throws(() => readFileSync(`${path}.3`));
  const again = new AuditFile(path, logger);
  assert.equal(again.lastIndex, 8);
  await again.close();
});

test("who writes faster than the disk waits for nothing: lines are dropped, and the file says how many", async () => {
  const file = new AuditFile(path, logger, { bufferBytes: 100 });
  for (let index = 1; index <= 10; index++) file.write(line(index));
  assert.equal(file.drops, 10 - Math.floor(100 / line(1).length));
  await file.close();
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  assert.equal(JSON.parse(lines.at(-1)!).dropped, file.drops);
});

test("a file that cannot be written is refused at the start", () => {
  assert.throws(() => new AuditFile(join(folder, "none", "audit.log"), logger), /ENOENT\): check --audit-log/);
});
