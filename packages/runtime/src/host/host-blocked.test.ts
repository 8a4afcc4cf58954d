import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { addressesOf, MemoryDisk, settled, TestNode } from "./testing.ts";
import type { WorkerOrder, WorkerSetup } from "./testing-worker.ts";

/** The node in the worker, as the test talks to it. */
class BlockableNode {
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (reply: { answer?: unknown; failure?: string }) => void>();
  #orders = 0;

  constructor(self: number, peers: Map<number, string>) {
    const workerData: WorkerSetup = { self, peers, blocked: this.#flag.buffer as SharedArrayBuffer };
    this.#worker = new Worker(new URL("./testing-worker.ts", import.meta.url), { workerData });
    this.#worker.on("message", (reply: { number: number; answer?: unknown }) =>
      this.#waiting.get(reply.number)!(reply),
    );
  }

  /** From its next sync on it does nothing at all. */
  block(): void {
    Atomics.store(this.#flag, 0, 1);
  }

  unblock(): void {
    Atomics.store(this.#flag, 0, 0);
    Atomics.notify(this.#flag, 0);
  }

  ask(verb: WorkerOrder["verb"], text = ""): Promise<unknown> {
    const number = ++this.#orders;
    this.#worker.postMessage({ number, verb, text } satisfies WorkerOrder);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, ({ answer, failure }) =>
        failure === undefined ? resolve(answer) : reject(new Error(failure)),
      );
    });
  }
}

test("a leader that a sync held up beyond its time serves nothing stale when it comes back, and follows", async () => {
  const peers = await addressesOf(3);
  const held = new BlockableNode(1, peers);
  const others = [2, 3].map((self) => new TestNode({ self, peers, disk: new MemoryDisk() }));
  await Promise.all(others.map((node) => node.host.start()));
  await others[0]!.propose("before");
  assert.deepEqual(await held.ask("read"), ["before"], "it is there and has caught up");
  const leads = (node: TestNode): boolean => node.group.status.role === "leader";
  others.find(leads)?.group.transferLeadership(1);
  await settled(() => others.every((node) => node.group.status.leader === 1));
  await held.ask("propose", "as leader");

  held.block();
  const proposed = held.ask("propose", "held up");
  await settled(() => others.some(leads));
  await others[0]!.propose("meanwhile");
  // Asked for after "meanwhile" was acknowledged, and there when the old leader wakes, before it has heard of a new one.
  const reads = [held.ask("read"), held.ask("read")];
  held.unblock();
  for (const read of reads) {
    const texts = (await read) as string[];
    assert.ok(texts.includes("meanwhile"), `stale: ${texts}`);
  }
  await proposed;
  assert.equal(await held.ask("role"), "follower");
  const texts = await others[1]!.read();
  assert.deepEqual([...texts].sort(), ["as leader", "before", "held up", "meanwhile"]);
  assert.deepEqual(await held.ask("read"), texts);
  await Promise.all([held.ask("close"), ...others.map((node) => node.host.close())]);
});
