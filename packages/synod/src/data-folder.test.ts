import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import { markRemoved, openClusterFolder, openNodeFolder, readNodeIdentity } from "./data-folder.ts";

const base = mkdtempSync(join(tmpdir(), "synod-data-"));
after(() => rmSync(base, { recursive: true }));
const n1 = { cluster: "one", node: "n1", id: 1, memberId: "a1", clusterId: "c1", voters: [1, 2] };

test("a node takes an empty folder and finds it again", () => {
  const folder = join(base, "taken", "n1");
  assert.equal(openNodeFolder(folder, n1).log, join(folder, "log"));
  assert.equal(readNodeIdentity(folder)?.memberId, "a1");
  const again = openNodeFolder(folder, { ...n1, voters: [1, 2, 3] });
  assert.deepEqual(again.identity.voters, [1, 2], "with which voters its log begins does not change");
});

test("a node that was removed from its cluster does not start from its folder again", () => {
  const folder = join(base, "removed");
  assert.equal(readNodeIdentity(folder), undefined);
  openNodeFolder(folder, n1);
  markRemoved(folder);
  assert.throws(
    () => openNodeFolder(folder, n1),
    /permanently removed from the cluster, and with the data in \S+removed/,
  );
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
    /has format 1 and this Synod reads format 4: use the Synod that wrote it/,
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
  assert.deepEqual({ ...openClusterFolder(folder, 3, false) }, { format: 4, ...made });
  assert.throws(() => openClusterFolder(folder, 5, false), /with 3 nodes, not 5: start with --nodes 3, choose another/);
});

test("fresh removes the cluster and nothing else", () => {
  const folder = join(base, "fresh");
  const before = openClusterFolder(folder, 3, true);
  openNodeFolder(join(folder, "n1"), { ...n1, cluster: before.cluster });
  writeFileSync(join(folder, "notes.txt"), "mine");
  const afterwards = openClusterFolder(folder, 5, true);
  assert.notEqual(afterwards.cluster, before.cluster);
  assert.equal(existsSync(join(folder, "n1")), false);
  assert.equal(readFileSync(join(folder, "notes.txt"), "utf8"), "mine");
});

test("fresh does not remove what runs", () => {
  const folder = join(base, "running");
  openClusterFolder(folder, 1, false);
  const disk = new NodeDisk(openNodeFolder(join(folder, "n1"), n1).log);
  assert.throws(() => openClusterFolder(folder, 1, true), /n1\/log: this process has opened the folder already/);
  disk.close();
  openClusterFolder(folder, 1, true);
});
