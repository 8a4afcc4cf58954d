import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Run } from "../testing/run.ts";

test("it says which version it is, and what there is to do", async () => {
  const about = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  const version = new Run(["--version"]);
  assert.deepEqual(await version.ended(), 0);
  assert.equal(version.stdout, `${about.version}\n`);
  const help = new Run(["--help"]);
  assert.equal(await help.ended(), 0);
  for (const verb of ["up", "serve", "etcd", "status", "kv", "member", "snapshot", "sim", "swarm", "check"])
    assert.match(help.stdout, new RegExp(`^  ${verb} `, "m"));
});
