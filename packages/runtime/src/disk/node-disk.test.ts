import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { diskConformance } from "@synod/storage/conformance";
import { Wal, type WalOpened } from "@synod/storage/wal/wal";
import { LOCK_NAME } from "./lock-file.ts";
import { NodeDisk } from "./node-disk.ts";
import { SyncChoice } from "./sync-choice.ts";
import { SyncGauge } from "./sync-gauge.ts";

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "synod-disk-"));
}

function withFolder(story: (folder: string) => void): void {
  const folder = temporaryFolder();
  try {
    story(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

diskConformance(
  (name, body) => test(`node disk: ${name}`, (_context, finished) => body(finished)),
  () => {
    const folder = temporaryFolder();
    let disk = new NodeDisk(folder);
    return {
      disk,
      reopen: () => {
        disk.close();
        disk = new NodeDisk(folder);
        return disk;
      },
      dispose: () => {
        disk.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
);

const OPTIONS = { clusterId: 1n, nodeId: 1, segmentBytes: 65_536 };

function openLog(disk: NodeDisk): { opened: WalOpened; indexes: number[] } {
  const indexes: number[] = [];
  const opened = Wal.open(disk, OPTIONS, (_group, _kind, index) => indexes.push(index));
  return { opened, indexes };
}

test("the write-ahead log is there after the folder was opened anew", (_context, finished) => {
  const folder = temporaryFolder();
  const disk = new NodeDisk(folder);
  const { opened } = openLog(disk);
  assert.ok(opened.type === "opened");
  for (let i = 1; i <= 500; i += 1) opened.wal.append(1, 1, i, new Uint8Array(300));
  opened.wal.close((error) => {
    assert.ifError(error);
    disk.close();
    const again = new NodeDisk(folder);
    const { indexes, opened: reopened } = openLog(again);
    assert.equal(reopened.type, "opened");
    assert.equal(indexes.length, 500);
    assert.equal(indexes.at(-1), 500);
    again.close();
    rmSync(folder, { recursive: true });
    finished();
  });
});

/** Appends for ever, and says after each flush how far the log is durable. */
const WRITER = `
  const [, disk, wal, folder] = process.argv;
  const { NodeDisk } = await import(disk);
  const { Wal } = await import(wal);
  const opened = Wal.open(new NodeDisk(folder), { clusterId: 1n, nodeId: 1, segmentBytes: 65536 }, () => {});
  let index = 0;
  const next = () => {
    for (let i = 0; i < 7; i += 1) opened.wal.append(1, 1, ++index, new Uint8Array(300));
    opened.wal.flush((error) => {
      if (error !== undefined) throw error;
      process.stdout.write(index + "\\n");
      setImmediate(next);
    });
  };
  next();`;

test("a process killed in the middle of its writes loses nothing that it acknowledged", async () => {
  const folder = temporaryFolder();
  const modules = [join(import.meta.dirname, "node-disk.ts"), import.meta.resolve("@synod/storage/wal/wal")];
  const child = spawn(process.execPath, ["--input-type=module", "--eval", WRITER, ...modules, folder]);
  const ended = once(child, "exit");
  let output = "";
  child.stdout.on("data", (bytes) => {
    output += bytes;
    if (output.split("\n").length > 100) child.kill("SIGKILL");
  });
  const [code, signal] = await ended;
  assert.equal(signal, "SIGKILL", `the writer ended by itself with ${code}`);
  const acknowledged = Number(output.split("\n").at(-2));
  assert.ok(acknowledged >= 7 * 100);

  const disk = new NodeDisk(folder);
  const { opened, indexes } = openLog(disk);
  assert.equal(opened.type, "opened");
  assert.ok(indexes.length >= acknowledged, `${indexes.length} of ${acknowledged}`);
  assert.ok(indexes.every((index, i) => index === i + 1));
  disk.close();
  rmSync(folder, { recursive: true });
});

test("a folder in use is refused, to this process and to others, and free once it is closed", () => {
  withFolder((folder) => {
    const disk = new NodeDisk(folder);
    assert.throws(() => new NodeDisk(folder), { code: "locked" });
    const script = `
      import { NodeDisk } from ${JSON.stringify(join(import.meta.dirname, "node-disk.ts"))};
      try { new NodeDisk(${JSON.stringify(folder)}); console.log("opened"); } catch (error) { console.log(error.message); }`;
    const run = (): string =>
      spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" }).stdout;
    assert.match(run(), new RegExp(`process ${process.pid} uses this folder: stop it first`));
    disk.close();
    assert.match(run(), /opened/);
    // That process died without closing: its lock is stale.
    assert.match(readFileSync(join(folder, LOCK_NAME), "utf8"), /^\d+ /);
    new NodeDisk(folder).close();
  });
});

test("a lock whose pid belongs to another process by now is stale", () => {
  withFolder((folder) => {
    writeFileSync(join(folder, LOCK_NAME), `${process.pid} some-earlier-boot/12345\n`);
    new NodeDisk(folder).close();
    writeFileSync(join(folder, LOCK_NAME), "not a lock");
    new NodeDisk(folder).close();
  });
});

test("names that leave the folder or touch its lock are refused", () => {
  withFolder((folder) => {
    const disk = new NodeDisk(folder);
    for (const name of ["../x", "a/b", "", ".", "..", LOCK_NAME]) {
      assert.throws(() => disk.open(name, true), { code: "notPermitted" });
    }
    assert.deepEqual(disk.list(), []);
    disk.close();
  });
});

test("a sync of much data does not block, and its time is told with the name of its file", (_context, finished) => {
  const folder = temporaryFolder();
  const told: { micros: number; file: string }[] = [];
  const disk = new NodeDisk(folder, { onSync: (micros, file) => told.push({ micros, file }) });
  const file = disk.open("f", true);
  file.write(0, new Uint8Array(2 << 20));
  const began = performance.now();
  file.sync((error) => {
    assert.ifError(error);
    const [sync, ...none] = told;
    assert.equal(sync?.file, "f");
    assert.ok(sync.micros > 0 && sync.micros <= (performance.now() - began) * 1000);
    assert.deepEqual(none, []);
    disk.close();
    rmSync(folder, { recursive: true });
    finished();
  });
  assert.deepEqual(told, [], "it goes on behind our back");
  file.close();
});

test("syncs block while the disk is quick, stop blocking when it slows down, and block again when it recovers", () => {
  const choice = new SyncChoice(300);
  const note = (count: number, micros: number): boolean => {
    for (let i = 0; i < count; i += 1) choice.note(micros);
    return choice.blocks;
  };
  assert.equal(note(100, 120), true);
  assert.equal(note(1, 9000), true, "one slow sync is not a slow disk");
  assert.equal(note(50, 120), true);
  assert.equal(note(120, 1500), false);
  assert.equal(note(120, 290), false, "nearly as quick as it should be is not quick again");
  assert.equal(note(120, 120), true);
  note(100_000, 60_000);
  assert.equal(note(60, 120), true, "a disk that stood still is believed again soon");
});

test("a disk is judged by its quick syncs: the others have waited for a processor", () => {
  const choice = new SyncChoice(300);
  for (let i = 0; i < 2000; i += 1) {
    choice.note(i % 3 === 0 ? 120 : 5000);
    assert.equal(choice.blocks, true);
  }
  for (let i = 0; i < 2000; i += 1) choice.note(i % 5 === 0 ? 120 : 5000);
  assert.equal(choice.blocks, false);
});

test("a sync of a few requests may block longer than one of many", () => {
  const gauge = new SyncGauge(undefined);
  for (let i = 0; i < 200; i += 1) {
    for (const bytes of [300, 100_000]) gauge.ended(performance.now() - 0.6, bytes, true, "log"); // 0.6 ms, and ends now
  }
  assert.equal(gauge.shouldBlock(300), true);
  assert.equal(gauge.shouldBlock(100_000), false);
});
