import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addressesOf, MemoryDisk, TestNode } from "./testing.ts";

const running = new Set<TestNode>();
after(async () => {
  for (const node of running) await node.host.close();
});

async function start(
  self: number,
  peers: Map<number, string>,
  disk: MemoryDisk,
  lines: string[] = [],
): Promise<TestNode> {
  const node = new TestNode({ self, peers, disk, lines });
  running.add(node);
  await node.host.start();
  return node;
}

async function stop(node: TestNode): Promise<void> {
  running.delete(node);
  await node.host.close();
}

test("three nodes agree on what any of them is told, and read it back anywhere", async () => {
  const peers = await addressesOf(3);
  const nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, new MemoryDisk())));
  for (const [i, node] of nodes.entries()) assert.equal(await node.propose(`text ${i}`), i + 1);
  for (const node of nodes) assert.deepEqual(await node.read(), ["text 0", "text 1", "text 2"]);
  await Promise.all(nodes.map(stop));
});

test("a thousand proposals at once are applied once each and in order", async () => {
  const peers = await addressesOf(3);
  const nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, new MemoryDisk())));
  const texts = Array.from({ length: 1000 }, (_, i) => `${i}`);
  await Promise.all(texts.map((text) => nodes[0]!.propose(text)));
  assert.deepEqual(await nodes[2]!.read(), texts);
  await Promise.all(nodes.map(stop));
});

test("the leader's end is survived: what was acknowledged stays, and service goes on", async () => {
  const peers = await addressesOf(3);
  const disks = [1, 2, 3].map(() => new MemoryDisk());
  const nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, disks[self - 1]!)));
  await nodes[0]!.propose("before");
  const leader = nodes.find((node) => node.group.status.role === "leader")!;
  const others = nodes.filter((node) => node !== leader);
  await stop(leader);
  await others[0]!.propose("after");
  assert.deepEqual(await others[1]!.read(), ["before", "after"]);
  const again = await start(leader.host.options.self, peers, disks[leader.host.options.self - 1]!);
  assert.deepEqual(await again.read(), ["before", "after"]);
  await Promise.all([...others, again].map(stop));
});

test("all nodes stop and start: everything acknowledged is served", async () => {
  const peers = await addressesOf(3);
  const disks = [1, 2, 3].map(() => new MemoryDisk());
  let nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, disks[self - 1]!)));
  await nodes[1]!.propose("kept");
  await Promise.all(nodes.map(stop));
  nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, disks[self - 1]!)));
  assert.deepEqual(await nodes[2]!.read(), ["kept"]);
  await Promise.all(nodes.map(stop));
});

test("cluster time runs forward over a change of leader", async () => {
  const peers = await addressesOf(3);
  const nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, new MemoryDisk())));
  await nodes[0]!.propose("a");
  const leader = nodes.find((node) => node.group.status.role === "leader")!;
  const next = nodes.find((node) => node !== leader)!;
  assert.equal(leader.group.transferLeadership(next.host.options.self), "started");
  await next.propose("b");
  await next.propose("c");
  const [a, b, c] = next.machine.times as [number, number, number];
  assert.ok(a <= b && b <= c, `${a} ≤ ${b} ≤ ${c}`);
  await Promise.all(nodes.map(stop));
});
