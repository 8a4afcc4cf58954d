import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { HostLimits } from "./options.ts";
import { addressesOf, MemoryDisk, settled, TestNode } from "./testing.ts";

const running = new Set<TestNode>();
after(async () => {
  for (const node of running) await node.host.close();
});

const SMALL: Partial<HostLimits> = { snapshotEvery: 20_000, keepBehind: 2_000 };

/** Three nodes whose disks outlive them. */
class Trio {
  readonly disks = [1, 2, 3].map(() => new MemoryDisk());
  readonly lines: string[][] = [[], [], []];
  readonly nodes: TestNode[] = [];
  readonly #peers: Map<number, string>;

  private constructor(peers: Map<number, string>) {
    this.#peers = peers;
  }

  static async start(): Promise<Trio> {
    const trio = new Trio(await addressesOf(3));
    await Promise.all([1, 2, 3].map((self) => trio.start(self)));
    return trio;
  }

  async start(self: number): Promise<TestNode> {
    const lines = this.lines[self - 1]!;
    lines.length = 0;
    const node = new TestNode({ self, peers: this.#peers, disk: this.disks[self - 1]!, limits: SMALL, lines });
    this.nodes[self - 1] = node;
    running.add(node);
    await node.host.start();
    return node;
  }

  async stop(self: number): Promise<void> {
    const node = this.nodes[self - 1]!;
    running.delete(node);
    await node.host.close();
  }

  async write(from: number, to: number): Promise<void> {
    const writer = this.nodes.find((node) => running.has(node))!;
    for (let i = from; i < to; i += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, k) => writer.propose(text(i + k))));
    }
  }

  async end(): Promise<void> {
    await Promise.all([1, 2, 3].filter((self) => running.has(this.nodes[self - 1]!)).map((self) => this.stop(self)));
  }
}

const text = (i: number): string => `text ${i} ${"x".repeat(80)}`;
const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => text(i));

test("a node that was away too long gets a snapshot and what came after it", async () => {
  const trio = await Trio.start();
  await trio.write(0, 100);
  await trio.stop(3);
  await trio.write(100, 1200);
  const again = await trio.start(3);
  assert.deepEqual(await again.read(), upTo(1200));
  assert.ok(trio.lines[2]!.some((line) => line.includes("installed the leader's snapshot")));
  await trio.end();
});

test("a snapshot frees the log, and a restart begins from it", async () => {
  const trio = await Trio.start();
  await trio.write(0, 1000);
  await settled(() => trio.nodes.every((node) => [...node.host.groups()][0]!.raft.state.snapshot !== undefined));
  await trio.end();
  await Promise.all([1, 2, 3].map((self) => trio.start(self)));
  for (const node of trio.nodes) assert.deepEqual(await node.read(), upTo(1000));
  await trio.end();
});

test("a flipped bit in the middle of a log: the node says so and its peers give back what was lost", async () => {
  const trio = await Trio.start();
  await trio.write(0, 150);
  await trio.stop(2);
  await trio.write(150, 200);
  const wal = trio.disks[1]!.list().find((name) => /^wal-[0-9a-f]{16}$/.test(name))!;
  trio.disks[1]!.flipBit(wal, 6000, 3);
  const again = await trio.start(2);
  assert.ok(
    trio.lines[1]!.some((line) => line.includes("log is damaged")),
    trio.lines[1]!.join(""),
  );
  assert.deepEqual(await again.read(), upTo(200));
  await settled(() => ![...again.host.groups()][0]!.raft.state.recovering);
  assert.ok(trio.disks[1]!.list().some((name) => name.startsWith("damaged-")));
  await trio.stop(1);
  await trio.write(200, 210);
  assert.deepEqual(await again.read(), upTo(210), "its vote counts again");
  await trio.end();
});

test("a damaged snapshot is refetched like a damaged log", async () => {
  const trio = await Trio.start();
  await trio.write(0, 1000);
  await settled(() => trio.nodes.every((node) => [...node.host.groups()][0]!.raft.state.snapshot !== undefined));
  await trio.stop(2);
  const disk = trio.disks[1]!;
  for (const name of disk.list().filter((name) => name.startsWith("snapshot-"))) disk.flipBit(name, 3000, 1);
  const again = await trio.start(2);
  assert.deepEqual(await again.read(), upTo(1000));
  await settled(() => ![...again.host.groups()][0]!.raft.state.recovering);
  await trio.end();
});

test("a member of a cluster of one cannot refetch what it lost, and says what to do", async () => {
  const peers = await addressesOf(1);
  const disk = new MemoryDisk();
  const lines: string[] = [];
  const node = new TestNode({ self: 1, peers, disk, lines });
  await node.host.start();
  for (let i = 0; i < 100; i++) await node.propose(text(i));
  await node.host.close();
  disk.flipBit(disk.list().find((name) => /^wal-[0-9a-f]{16}$/.test(name))!, 6000, 3);
  const again = new TestNode({ self: 1, peers, disk, lines });
  await assert.rejects(again.host.start(), /damaged: wal-.* no peers to fetch them from/s);
});
