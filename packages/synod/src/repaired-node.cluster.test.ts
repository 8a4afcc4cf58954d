import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createLogger } from "@synod/runtime/log/logger";
import { freePorts } from "@synod/runtime/testing/ports";
import { StoreModel } from "@synod/store/model/store";
import { parsePeers } from "./addresses.ts";
import type { RunningNode } from "./node.ts";
import { startRepairedNode } from "./repaired-node.ts";

const host = "127.0.0.1";
const sound = StoreModel.prototype.put;
let folder: string;
let nodes: RunningNode[] = [];
const ports: number[] = [];
const lines: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "synod-repaired-"));
  const all = await freePorts(9);
  const peers = parsePeers(
    [1, 2, 3].map((id) => `n${id}=${host}:${all[id - 1]}`),
    [1, 2, 3].map((id) => `n${id}=http://${host}:${all[id + 2]}`),
  );
  ports.push(...all.slice(3, 6));
  const logger = createLogger({ node: "", sink: { write: (line) => void lines.push(line), flush: () => {} } });
  nodes = await Promise.all(
    peers.map((self, i) => {
      const data = join(folder, self.name);
      const at = { peers: all[i]!, store: all[i + 3]!, http: all[i + 6]! };
      return startRepairedNode({ self, peers, cluster: "test", data, host, ports: at }, logger);
    }),
  );
  await Promise.all(nodes.map((node) => node.ready));
});

after(async () => {
  StoreModel.prototype.put = sound;
  await Promise.all(nodes.map((node) => node.close()));
  rmSync(folder, { recursive: true });
});

const url = (port: number, key: string): string => `http://${host}:${port}/api/store/keys/${key}`;

async function shown(port: number): Promise<string | undefined> {
  try {
    return await (await fetch(`${url(port, "poison")}?consistency=serializable`)).text();
  } catch {
    return undefined; // it does not listen now
  }
}

test("a node that has applied one write wrongly finds out, throws its state away and gets it anew, all by itself", async () => {
  let wrong = 0;
  StoreModel.prototype.put = function (this: StoreModel, request, time) {
    const isPoison = Buffer.from(request.key).toString() === "poison" && wrong++ === 0;
    return sound.call(this, isPoison ? { ...request, value: Buffer.from("wrong") } : request, time);
  };
  await fetch(url(ports[0]!, "poison"), { method: "PUT", body: "right" });
  // States are compared at every 1,024th entry of the log.
  for (let i = 0; i < 1100; i++) await (await fetch(url(ports[i % 3]!, "k"), { method: "PUT", body: `${i}` })).text();
  const deadline = performance.now() + 20_000;
  while (!lines.some((line) => line.includes("was fetched anew"))) {
    assert.ok(performance.now() < deadline, lines.slice(-5).join(""));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual(await Promise.all(ports.map(shown)), ["right", "right", "right"]);
  const aside = [1, 2, 3].flatMap((id) =>
    readdirSync(join(folder, `n${id}`, "log")).filter((name) => /^damaged-1-wal/.test(name)),
  );
  assert.ok(aside.length > 0);
  assert.equal(lines.filter((line) => line.includes("differs from what a majority has")).length, 1);
});
