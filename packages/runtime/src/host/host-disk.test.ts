import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addressesOf, MemoryDisk, settled, TestNode } from "./testing.ts";

const running = new Set<TestNode>();
after(async () => {
  for (const node of running) await node.host.close();
});

async function start(self: number, peers: Map<number, string>, disk: MemoryDisk): Promise<TestNode> {
  const node = new TestNode({ self, peers, disk });
  running.add(node);
  await node.host.start();
  return node;
}

async function stop(node: TestNode): Promise<void> {
  running.delete(node);
  await node.host.close();
}

/** A disk that can be made to hang: what is synced then waits until it is let go. */
class HangingDisk extends MemoryDisk {
  #held: (() => void)[] | undefined;

  constructor() {
    super({ scheduleSync: (_file, run) => (this.#held === undefined ? run() : void this.#held.push(run)) });
  }

  hang(): void {
    this.#held ??= [];
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const run of held) run();
  }
}

const leaderOf = (nodes: readonly TestNode[]): TestNode =>
  nodes.find((node) => node.group.status.role === "leader") as TestNode;

test("a failed sync ends the node, and nothing that it covered was acknowledged", async () => {
  const peers = await addressesOf(1);
  const disk = new MemoryDisk();
  const node = await start(1, peers, disk);
  await node.propose("durable");
  disk.failNextSync();
  const lost = Promise.all(["a", "b", "c"].map((text) => assert.rejects(node.propose(text), /stopped/)));
  const failure = await node.host.failed;
  assert.equal(failure.code, "diskFailed");
  assert.match(failure.message, /^the disk failed and the node must stop: check it, .*wal-.*injected sync error/);
  await lost;
  await assert.rejects(node.propose("later"), /stopped/, "it takes nothing any more");
  await assert.rejects(node.read(), /stopped/);
  await stop(node);

  disk.crash({ below: () => 0 });
  const again = await start(1, peers, disk);
  assert.deepEqual(await again.read(), ["durable"], "what was acknowledged was on disk, and the rest was not");
  await stop(again);
});

test("two of three go on when the third one's disk fails", async () => {
  const peers = await addressesOf(3);
  const disks = [1, 2, 3].map(() => new MemoryDisk());
  const nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, disks[self - 1]!)));
  await nodes[0]!.propose("before");
  const leader = leaderOf(nodes);
  disks[leader.host.options.self - 1]!.failNextSync();
  const torn = leader.propose("unknown").catch((error: Error) => error.message);
  assert.equal((await leader.host.failed).code, "diskFailed");
  // Its followers may have committed it before its own disk failed; only they know.
  assert.ok(["stopped", 2].includes(await torn));
  await stop(leader);
  const others = nodes.filter((node) => node !== leader);
  await others[0]!.propose("after");
  const texts = (await others[1]!.read()).filter((text) => text !== "unknown");
  assert.deepEqual(texts, ["before", "after"]);
  await Promise.all(others.map(stop));
});

test("a full disk ends the node with a sentence that says so", async () => {
  const peers = await addressesOf(1);
  const disk = new MemoryDisk();
  const node = await start(1, peers, disk);
  await node.propose("fits");
  disk.capacity = disk.bytesUsed;
  let acknowledged = 1;
  const filling = (async () => {
    for (; ; acknowledged++) await node.propose(`${acknowledged} ${"x".repeat(300_000)}`);
  })();
  await assert.rejects(filling, /stopped/);
  const { code, message } = await node.host.failed;
  assert.equal(code, "diskFailed");
  assert.match(message, /^the disk is full and the node must stop: free some space, then start the node again \(wal-/);
  await stop(node);

  disk.capacity = Number.POSITIVE_INFINITY;
  const again = await start(1, peers, disk);
  assert.equal((await again.read()).length, acknowledged);
  await stop(again);
});

test("no room for a snapshot does not end the node while the log still has some", async () => {
  const peers = await addressesOf(1);
  const disk = new MemoryDisk();
  const lines: string[] = [];
  const node = new TestNode({ self: 1, peers, disk, lines, limits: { snapshotEvery: 20_000, keepBehind: 1000 } });
  running.add(node);
  await node.host.start();
  await node.propose("a");
  disk.capacity = disk.bytesUsed + 5_000;
  for (let i = 0; i < 200; i++) await node.propose(`${i} ${"x".repeat(200)}`);
  await settled(() => lines.some((line) => line.includes("a snapshot could not be written")));
  assert.equal((await node.read()).length, 201);
  assert.ok(!disk.list().some((name) => name.includes("snapshot")), "what was begun is removed");
  await stop(node);
});

test("a leader whose disk hangs makes way within two seconds, and follows when it answers again", async () => {
  const peers = await addressesOf(3);
  const disks = [1, 2, 3].map(() => new HangingDisk());
  const nodes = await Promise.all([1, 2, 3].map((self) => start(self, peers, disks[self - 1]!)));
  await nodes[0]!.propose("before");
  const slow = leaderOf(nodes);
  const disk = disks[slow.host.options.self - 1]!;
  const others = nodes.filter((node) => node !== slow);
  disk.hang();
  const hungAt = performance.now();
  await slow.propose("during"); // on its followers' disks
  await settled(() => others.some((node) => node.group.status.role === "leader"));
  assert.ok(performance.now() - hungAt < 2000, `${performance.now() - hungAt} ms`);
  await others[0]!.propose("after");
  assert.deepEqual(await others[1]!.read(), ["before", "during", "after"]);
  disk.letGo();
  assert.deepEqual(await slow.read(), ["before", "during", "after"]);
  assert.equal(slow.group.status.role, "follower");
  await Promise.all(nodes.map(stop));
});
