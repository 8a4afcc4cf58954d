import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { HostLimits } from "./options.ts";
import { addressesOf, MemoryDisk, settled, TestNode, TextMachine } from "./testing.ts";

/** A machine with a fault: it misreads one text. */
class Misreading extends TextMachine {
  override apply(index: number, time: number, command: Uint8Array): number {
    const result = super.apply(index, time, command);
    if (this.texts.at(-1) === "17") this.texts[this.texts.length - 1] = "71";
    return result;
  }
}

const running = new Set<TestNode>();
after(async () => {
  for (const node of running) await node.host.close();
});

const LIMITS: Partial<HostLimits> = { hashEvery: 8, snapshotEvery: 3000, keepBehind: 100 };

class Members {
  readonly nodes: TestNode[] = [];
  readonly disks: MemoryDisk[] = [];
  readonly lines: string[][] = [];
  readonly #peers: Map<number, string>;

  constructor(peers: Map<number, string>) {
    this.#peers = peers;
    for (const self of peers.keys()) {
      this.disks[self] = new MemoryDisk();
      this.lines[self] = [];
    }
  }

  async start(self: number, machine: TextMachine): Promise<TestNode> {
    const disk = this.disks[self]!;
    const node = new TestNode({ self, peers: this.#peers, disk, lines: this.lines[self]!, limits: LIMITS, machine });
    this.nodes[self] = node;
    running.add(node);
    await node.host.start();
    return node;
  }

  async close(self: number): Promise<void> {
    const node = this.nodes[self]!;
    running.delete(node);
    await node.host.close();
  }
}

async function write(node: TestNode, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) await node.propose(`${i}`);
}

const leads = (node: TestNode): boolean => node.group.status.role === "leader";

for (const wrong of ["follower", "leader"]) {
  test(`a ${wrong} whose state went wrong sets it aside and gets it anew from the majority`, async () => {
    const members = new Members(await addressesOf(3));
    const faulty = new Misreading();
    await Promise.all([1, 2, 3].map((self) => members.start(self, self === 3 ? faulty : new TextMachine())));
    const [, first, second, third] = members.nodes as [undefined, TestNode, TestNode, TestNode];
    await first.propose("start");
    const office = wrong === "leader" ? third : first;
    const leader = [first, second, third].find(leads)!;
    if (leader !== office) leader.group.transferLeadership(office.host.options.self);
    await settled(() => leads(office));
    await write(first, 0, 60);
    const { code, message } = await third.host.failed;
    assert.equal(code, "stateDiverged");
    assert.match(message, /^the state of n3 differs from what a majority has at index \d+ .* fetched anew/);
    await assert.rejects(third.read(), /stopped/);
    await write(first, 60, 70);
    await members.close(3);
    const aside = members.disks[3]!.list().filter((name) => name.startsWith("damaged-1-"));
    assert.ok(
      aside.some((name) => name.includes("wal-")),
      aside.join(" "),
    );
    assert.ok(!members.disks[3]!.list().some((name) => /^(wal|snapshot)-/.test(name)));

    const again = await members.start(3, new TextMachine());
    assert.deepEqual(await again.read(), ["start", ...Array.from({ length: 70 }, (_, i) => `${i}`)]);
    await settled(() => ![...again.host.groups()][0]!.raft.state.recovering);
    await members.close(2);
    await write(again, 70, 75);
    assert.deepEqual(await first.read(), again.machine.texts, "its vote counts again");
    await Promise.all([1, 3].map((self) => members.close(self)));
  });
}

test("where no majority says who is right, nobody gives anything up: the node stops", async () => {
  const members = new Members(await addressesOf(2));
  await Promise.all([members.start(1, new TextMachine()), members.start(2, new Misreading())]);
  const [, first, second] = members.nodes as [undefined, TestNode, TestNode];
  await write(first, 0, 40);
  const { code, message } = await Promise.race([first.host.failed, second.host.failed]);
  assert.equal(code, "undecided");
  assert.match(message, /no majority says who is right/);
  await Promise.all([1, 2].map((self) => members.close(self)));
  for (const self of [1, 2]) assert.ok(!members.disks[self]!.list().some((name) => name.startsWith("damaged-")));
});
