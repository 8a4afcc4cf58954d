import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { freePortOffset, Run } from "../testing/run.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-up-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a cluster comes up, says where it listens, notices a killed node and ends when asked", async () => {
  const offset = await freePortOffset(3);
  const data = join(folder, "whole");
  const run = new Run(["up", "--json", "--data", data, "--port-offset", String(offset)]);
  try {
    const [line] = await run.until(/^\{"event":"ready".*$/m);
    const ready = JSON.parse(line) as { nodes: { node: string; store: string; http: string; process: number }[] };
    assert.deepEqual(
      ready.nodes.map(({ node, store }) => [node, store]),
      [1, 2, 3].map((node) => [`n${node}`, `127.0.0.1:${2379 + 10_000 * (node - 1) + offset}`]),
    );
    assert.equal((await fetch(`${ready.nodes[1]?.http}/livez`)).status, 200);

    process.kill(ready.nodes[1]?.process as number, "SIGKILL");
    const [ended] = await run.until(/^\{"event":"nodeEnded".*$/m);
    assert.deepEqual(JSON.parse(ended), { event: "nodeEnded", node: "n2", how: "SIGKILL", running: 2 });
  } finally {
    assert.equal(await run.stop(), 0);
  }
  assert.match(run.stdout, /^\{"event":"ended","killed":\[\]\}$/m);
  assert.equal(existsSync(join(data, "n1", "log", "LOCK")), false, "a closed node leaves no lock behind");
});

test("nodes that were removed are said to be, whether they know it or not, and the others come up without them", async () => {
  const offset = await freePortOffset(3);
  const data = join(folder, "removed");
  const args = ["up", "--json", "--data", data, "--port-offset", String(offset)];
  const endpoints = ["--endpoints", [1, 2].map((node) => `127.0.0.1:${2379 + 10_000 * (node - 1) + offset}`).join(",")];
  const synod = async (...verb: string[]): Promise<void> => {
    const run = new Run([...verb, ...endpoints]);
    assert.equal(await run.ended(), 0, run.stderr);
  };
  const up = async (use: (run: Run, nodes: readonly { node: string; process: number }[]) => Promise<void>) => {
    const run = new Run(args);
    try {
      const [line] = await run.until(/^\{"event":"ready".*$/m);
      await use(run, (JSON.parse(line) as { nodes: { node: string; process: number }[] }).nodes);
    } finally {
      assert.equal(await run.stop(), 0);
    }
  };
  await up(async (run, nodes) => {
    process.kill(nodes[2]?.process as number, "SIGKILL");
    await run.until(/"event":"nodeEnded","node":"n3"/);
    await synod("member", "remove", "n3");
  });
  for (const knows of [false, true])
    await up(async (run, nodes) => {
      assert.deepEqual(
        nodes.map(({ node }) => node),
        ["n1", "n2"],
      );
      assert.match(run.stdout, /^\{"event":"nodeRemoved","node":"n3"\}$/m);
      const started = /"node":"n3".*(?:removed|closing)/.test(run.stdout);
      assert.equal(started, !knows, run.stdout);
      await synod("kv", "put", "k", "v");
    });
});

test("a taken port is named with its node and the option that moves it", async () => {
  const offset = await freePortOffset(2);
  const port = 12_380 + offset;
  const squatter = createServer().listen(port, "127.0.0.1");
  const run = new Run(["up", "--nodes", "2", "--data", join(folder, "taken"), "--port-offset", String(offset)]);
  assert.equal(await run.ended(), 1);
  squatter.close();
  assert.equal(
    run.stderr,
    `synod: port ${port} of 127.0.0.1, the peers port of n2, is already in use: ` +
      "end the program that holds it, or move all ports with --port-offset 100\n",
  );
});

test("a data folder that cannot be is named", async () => {
  writeFileSync(join(folder, "file"), "");
  const offset = String(await freePortOffset(1));
  const run = new Run(["up", "--nodes", "1", "--data", join(folder, "file", "data"), "--port-offset", offset]);
  assert.equal(await run.ended(), 1);
  assert.match(
    run.stderr,
    /^synod: the folder .*file\/data cannot be used \(ENOTDIR\): make it writable or choose another --data\n$/,
  );
});

test("a node that cannot start ends the others, and says why", async () => {
  const offset = String(await freePortOffset(2));
  const data = join(folder, "mixed");
  const identity = { format: 4, cluster: "other", node: "n2" };
  mkdirSync(join(data, "n2"), { recursive: true });
  writeFileSync(join(data, "cluster.json"), JSON.stringify({ format: 4, cluster: "ours", nodes: 2 }));
  writeFileSync(join(data, "n2", "node.json"), JSON.stringify(identity));
  const run = new Run(["up", "--nodes", "2", "--data", data, "--port-offset", offset]);
  assert.equal(await run.ended(), 1);
  assert.match(
    run.stderr,
    /^synod: the data in .*n2 belong to node n2 of cluster other, not to n2 of ours: choose another/m,
  );
});

test("help shows an example first, and a mistaken option is answered with the right one", async () => {
  const help = new Run(["up", "--help"]);
  assert.equal(await help.ended(), 0);
  assert.match(help.stdout, /^ {2}\$ synod up\n/);
  const mistaken = new Run(["up", "--port-ofset", "1"]);
  assert.notEqual(await mistaken.ended(), 0);
  assert.match(mistaken.stderr, /Did you mean --port-offset\?/);
});
