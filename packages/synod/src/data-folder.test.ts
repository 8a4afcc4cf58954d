import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import { openClusterFolder, openNodeFolder } from "./data-folder.ts";

const base = mkdtempSync(join(tmpdir(), "synod-data-"));
after(() => rmSync(base, { recursive: true }));
const n1 = { cluster: "one", node: "n1" };

test("a node takes an empty folder and finds it again", () => {
  const folder = join(base, "taken", "n1");
  assert.equal(openNodeFolder(folder, n1), join(folder, "log"));
  assert.equal(openNodeFolder(folder, n1), join(folder, "log"));
});

test("another node, and a node of another cluster, are refused", () => {
  const folder = join(base, "refused");
  openNodeFolder(folder, n1);
  assert.throws(
    () => openNodeFolder(folder, { ...n1, node: "n2" }),
    /belong to node n1 of cluster one, not to n2 of one/,
  );
  assert.throws(() => openNodeFolder(folder, { ...n1, cluster: "two" }), /not to n1 of two: choose another --data/);
});

test("data of another format are left alone", () => {
  const folder = join(base, "format");
  openNodeFolder(folder, n1);
  writeFileSync(join(folder, "node.json"), JSON.stringify({ format: 1, ...n1 }));
  assert.throws(
    () => openNodeFolder(folder, n1),
    /has format 1 and this Synod reads format 2: use the Synod that wrote it/,
  );
});

test("a folder that cannot be made is named with the reason", () => {
  writeFileSync(join(base, "file"), "");
  assert.throws(
    () => openNodeFolder(join(base, "file", "n1"), n1),
    /file\/n1 cannot be used \(ENOTDIR\): make it writable or/,
  );
});

test("a cluster's folder remembers its cluster and how many nodes it has", () => {
  const folder = join(base, "cluster");
  const made = openClusterFolder(folder, 3, false);
  assert.deepEqual({ ...openClusterFolder(folder, 3, false) }, { format: 2, ...made });
  assert.throws(() => openClusterFolder(folder, 5, false), /with 3 nodes, not 5: start with --nodes 3, choose another/);
});

test("fresh removes the cluster and nothing else", () => {
  const folder = join(base, "fresh");
  const before = openClusterFolder(folder, 3, true);
  openNodeFolder(join(folder, "n1"), { cluster: before.cluster, node: "n1" });
  writeFileSync(join(folder, "notes.txt"), "mine");
  const afterwards = openClusterFolder(folder, 5, true);
  assert.notEqual(afterwards.cluster, before.cluster);
  assert.equal(existsSync(join(folder, "n1")), false);
  assert.equal(readFileSync(join(folder, "notes.txt"), "utf8"), "mine");
});

test("fresh does not remove what runs", () => {
  const folder = join(base, "running");
  openClusterFolder(folder, 1, false);
  const disk = new NodeDisk(openNodeFolder(join(folder, "n1"), n1));
  assert.throws(() => openClusterFolder(folder, 1, true), /n1\/log: this process has opened the folder already/);
  disk.close();
  openClusterFolder(folder, 1, true);
});
