import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { claimFolder, openClusterFolder } from "./data-folder.ts";

const base = mkdtempSync(join(tmpdir(), "synod-data-"));
after(() => rmSync(base, { recursive: true }));
const n1 = { cluster: "one", node: "n1" };

test("a node takes an empty folder and finds it again", () => {
  const folder = join(base, "taken", "n1");
  const first = claimFolder(folder, n1);
  assert.ok(existsSync(first.log));
  first.release();
  claimFolder(folder, n1).release();
});

test("another node, and a node of another cluster, are refused", () => {
  const folder = join(base, "refused");
  claimFolder(folder, n1).release();
  assert.throws(() => claimFolder(folder, { ...n1, node: "n2" }), /belong to node n1 of cluster one, not to n2 of one/);
  assert.throws(() => claimFolder(folder, { ...n1, cluster: "two" }), /not to n1 of two: choose another --data/);
});

test("a folder in use is refused, and a dead process's lock is taken over", () => {
  const folder = join(base, "locked");
  claimFolder(folder, n1);
  writeFileSync(join(folder, "lock"), `${process.ppid}\n`);
  assert.throws(() => claimFolder(folder, n1), new RegExp(`process ${process.ppid} uses`));
  const beyondAnyProcess = 2 ** 22 + 1;
  writeFileSync(join(folder, "lock"), `${beyondAnyProcess}\n`);
  claimFolder(folder, n1).release();
});

test("data of another format are left alone", () => {
  const folder = join(base, "format");
  claimFolder(folder, n1).release();
  writeFileSync(join(folder, "node.json"), JSON.stringify({ format: 2, ...n1 }));
  assert.throws(
    () => claimFolder(folder, n1),
    /has format 2 and this Synod reads format 1: use the Synod that wrote it/,
  );
});

test("a folder that cannot be made is named with the reason", () => {
  writeFileSync(join(base, "file"), "");
  assert.throws(
    () => claimFolder(join(base, "file", "n1"), n1),
    /file\/n1 cannot be used \(ENOTDIR\): make it writable or/,
  );
});

test("a cluster's folder remembers its cluster and how many nodes it has", () => {
  const folder = join(base, "cluster");
  const made = openClusterFolder(folder, 3, false);
  assert.deepEqual({ ...openClusterFolder(folder, 3, false) }, { format: 1, ...made });
  assert.throws(() => openClusterFolder(folder, 5, false), /with 3 nodes, not 5: start with --nodes 3, choose another/);
});

test("fresh removes the cluster and nothing else", () => {
  const folder = join(base, "fresh");
  const before = openClusterFolder(folder, 3, true);
  claimFolder(join(folder, "n1"), { cluster: before.cluster, node: "n1" }).release();
  writeFileSync(join(folder, "notes.txt"), "mine");
  const afterwards = openClusterFolder(folder, 5, true);
  assert.notEqual(afterwards.cluster, before.cluster);
  assert.equal(existsSync(join(folder, "n1")), false);
  assert.equal(readFileSync(join(folder, "notes.txt"), "utf8"), "mine");
});

test("fresh does not remove what runs", () => {
  const folder = join(base, "running");
  openClusterFolder(folder, 1, false);
  claimFolder(join(folder, "n1"), n1);
  writeFileSync(join(folder, "n1", "lock"), `${process.ppid}\n`);
  assert.throws(() => openClusterFolder(folder, 1, true), /uses .*n1: end it/);
});
