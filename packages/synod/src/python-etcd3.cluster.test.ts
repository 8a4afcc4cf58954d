/** Python's client (Debian: python3-etcd3), which we did not write, against three nodes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Cluster } from "./cluster-test/cluster.ts";
import { synod } from "./cluster-test/programs.ts";

const program = join(import.meta.dirname, "../../../examples/python/store.py");

/** Debian's; another one on the path has none of Debian's libraries. */
const PYTHON = "/usr/bin/python3";

const SAYS = `get: red version 1
prefix: app/size app/colour
replace: True False
create: True False
transaction: True 10
watch: True PutEvent=0 PutEvent=1 PutEvent=2 DeleteEvent=
lease: 60 True ['leased']
revoked: None
lock: True False
lock again: True
members: n1 n2 n3
leader known: True alarms: 0
compacted: True
snapshot: True
deleted: 3
`;

test("python-etcd3 does its normal work with whichever node it is told of", async () => {
  const cluster = await Cluster.start(synod);
  try {
    for (const address of cluster.addresses.slice(0, 2)) {
      const { stdout } = await promisify(execFile)(PYTHON, [program, address], { timeout: 40_000 });
      assert.equal(stdout, SAYS);
    }
  } finally {
    await cluster.destroy();
  }
});
