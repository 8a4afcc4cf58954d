import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { HostLimits } from "./options.ts";
import { addressesOf, MemoryDisk, settled, TestNode, TextMachine } from "./testing.ts";

const running = new Set<TestNode>();
after(async () => {
  for (const node of running) await node.host.close();
});

async function start(setup: ConstructorParameters<typeof TestNode>[0]): Promise<TestNode> {
  const node = new TestNode(setup);
  running.add(node);
  await node.host.start();
  return node;
}

async function startThree(
  limits: Partial<HostLimits> = {},
  machines: readonly TextMachine[] = [],
): Promise<[TestNode, TestNode, TestNode]> {
  const peers = await addressesOf(3);
  const nodes = [1, 2, 3].map((self) =>
    start({ self, peers, disk: new MemoryDisk(), limits, machine: machines[self - 1] ?? new TextMachine() }),
  );
  return Promise.all(nodes) as Promise<[TestNode, TestNode, TestNode]>;
}

async function stop(node: TestNode): Promise<void> {
  running.delete(node);
  await node.host.close();
}

const isLeader = (node: TestNode): boolean => node.group.status.role === "leader";
const idOf = (node: TestNode): number => node.host.options.self;

test("followers take proposals and answer reads as the leader does", async () => {
  const nodes = await startThree();
  await nodes[0].propose("first");
  const followers = nodes.filter((node) => !isLeader(node));
  assert.equal(followers.length, 2);
  assert.equal(await followers[0]!.propose("by way of a follower"), 2);
  assert.deepEqual(await followers[1]!.read(), ["first", "by way of a follower"]);
  const [leader] = nodes.filter(isLeader);
  await leader!.propose("by the leader");
  assert.equal((await followers[0]!.read()).at(-1), "by the leader", "at once, wherever it is asked for");
  await Promise.all(nodes.map(stop));
});

test("five changes of leader under load: every text is applied once, and whatever was acknowledged is there", async () => {
  const nodes = await startThree();
  await nodes[0].propose("start");
  const acknowledged: string[] = [];
  const texts = Array.from({ length: 600 }, (_, i) => `${i}`);
  const clients = nodes.map(async (node, n) => {
    for (const text of texts.filter((_, i) => i % 3 === n)) {
      await node.propose(text);
      acknowledged.push(text);
    }
  });
  for (let transfer = 1; transfer <= 5; transfer++) {
    await settled(() => acknowledged.length >= transfer * 80 && nodes.some(isLeader));
    const leader = nodes.find(isLeader)!;
    const next = nodes[idOf(leader) % 3]!;
    assert.equal(leader.group.transferLeadership(idOf(next)), "started");
    await settled(() => isLeader(next));
  }
  await Promise.all(clients);
  for (const node of nodes) {
    const applied = await node.read();
    assert.deepEqual([...applied].sort(), ["start", ...texts].sort(), "none lost, none twice");
    assert.deepEqual(applied, nodes[0].machine.texts, "in one order everywhere");
  }
  await Promise.all(nodes.map(stop));
});

test("proposals in flight while their leader stops reach the next one, each once", async () => {
  const nodes = await startThree();
  await nodes[0].propose("start");
  const leader = nodes.find(isLeader)!;
  const others = nodes.filter((node) => node !== leader);
  const texts = Array.from({ length: 400 }, (_, i) => `${i}`);
  const proposals = texts.map((text, i) => others[i % 2]!.propose(text));
  await stop(leader);
  await Promise.all(proposals);
  for (const node of others) assert.deepEqual([...(await node.read())].sort(), ["start", ...texts].sort());
  await Promise.all(others.map(stop));
});

test("when too many wait, the next one is told so at once, and nothing of it is applied", async () => {
  const peers = await addressesOf(2);
  const lonely = await start({ self: 1, peers, disk: new MemoryDisk(), limits: { requests: 8 } });
  const waiting = Array.from({ length: 8 }, (_, i) => lonely.propose(`${i}`));
  const reading = Array.from({ length: 8 }, () => lonely.read());
  await assert.rejects(lonely.propose("too much"), /overloaded/);
  await assert.rejects(lonely.read(), /overloaded/);
  const other = await start({ self: 2, peers, disk: new MemoryDisk() });
  await Promise.all([...waiting, ...reading]);
  assert.deepEqual(await other.read(), ["0", "1", "2", "3", "4", "5", "6", "7"]);
  await Promise.all([lonely, other].map(stop));
});

test("without a leader, proposals and reads end in a time-out and not in silence", async () => {
  const peers = await addressesOf(2);
  const lonely = await start({ self: 1, peers, disk: new MemoryDisk(), limits: { requestTimeout: 300_000 } });
  const asked = [lonely.propose("a"), lonely.read()];
  for (const one of asked) await assert.rejects(one, /timedOut/);
  await stop(lonely);
});
