import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import type { Disk } from "@synod/storage/disk";
import { PLANTED } from "./bugs.ts";
import { ForgetfulFile } from "./forgetful-file.ts";

const packages = new URL("../../../../", import.meta.url);

test("every planted piece is found in its file, once", () => {
  for (const [bug, pieces] of Object.entries(PLANTED)) {
    for (const { file, find } of pieces) {
      const parts = readFileSync(new URL(file, packages), "utf8").split(find);
      assert.equal(parts.length, 2, `${bug}: ${find} occurs ${parts.length - 1} times in ${file}`);
    }
  }
});

test("a bug is planted in tests alone", () => {
  const start = (environment: Record<string, string>): string => {
    const { NODE_ENV: _, ...others } = process.env;
    const plant = ["--import", new URL("plant.ts", import.meta.url).href, "-e", ""];
    return spawnSync(process.execPath, plant, { env: { ...others, ...environment }, encoding: "utf8" }).stderr;
  };
  assert.match(start({ SYNOD_PLANTED_BUG: "stale read" }), /bugs are planted in tests alone: NODE_ENV is not test/);
  assert.match(start({ SYNOD_PLANTED_BUG: "stale read", NODE_ENV: "production" }), /NODE_ENV is not test/);
  assert.match(start({ SYNOD_PLANTED_BUG: "no such", NODE_ENV: "test" }), /names no planted bug: "no such"/);
  assert.equal(start({ SYNOD_PLANTED_BUG: "stale read", NODE_ENV: "test" }), "");
});

function folder(): string {
  return mkdtempSync(join(tmpdir(), "synod-forgetful-"));
}

function forgetful(inner: NodeDisk, lies: boolean): Disk {
  return {
    list: () => inner.list(),
    open: (name, create) => new ForgetfulFile(inner.open(name, create), lies),
    rename: (from, to) => inner.rename(from, to),
    remove: (name) => inner.remove(name),
    syncDirectory: () => inner.syncDirectory(),
  };
}

for (const lies of [false, true]) {
  test(`what was not synced is not in the file${lies ? ", nor what was said to be" : "; what was synced is"}`, () => {
    const path = folder();
    const disk = new NodeDisk(path);
    try {
      const file = forgetful(disk, lies).open("f", true);
      file.write(0, Uint8Array.of(1, 2, 3));
      let synced = false;
      file.sync((error) => {
        synced = error === undefined;
      });
      file.write(2, Uint8Array.of(9, 9));
      assert.equal(file.size(), 4);
      assert.deepEqual([...file.read(0, 10)], [1, 2, 9, 9], "its own writes are seen by whoever wrote them");
      assert.deepEqual([...file.read(1, 2)], [2, 9]);
      if (lies) assert.ok(synced);
      assert.deepEqual([...readFileSync(join(path, "f"))], lies ? [] : [1, 2, 3]);
      file.close();
      assert.deepEqual([...readFileSync(join(path, "f"))], [1, 2, 9, 9], "an orderly end loses nothing");
    } finally {
      disk.close();
      rmSync(path, { recursive: true });
    }
  });
}
