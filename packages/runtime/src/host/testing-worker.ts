/** A node in a thread of its own: its event loop stands still while its disk does, and the test's goes on. */
import { parentPort, workerData } from "node:worker_threads";
import { MemoryDisk, TestNode } from "./testing.ts";

export interface WorkerSetup {
  readonly self: number;
  readonly peers: Map<number, string>;
  /** One int32: while it is 1, each sync blocks the thread. */
  readonly blocked: SharedArrayBuffer;
}

export interface WorkerOrder {
  readonly number: number;
  readonly verb: "propose" | "read" | "role" | "close";
  readonly text?: string;
}

const { self, peers, blocked } = workerData as WorkerSetup;
const flag = new Int32Array(blocked);
const disk = new MemoryDisk({
  scheduleSync: (_file, run) => {
    Atomics.wait(flag, 0, 1);
    run();
  },
});
const node = new TestNode({ self, peers, disk });
await node.host.start();

async function obey({ verb, text }: WorkerOrder): Promise<unknown> {
  if (verb === "propose") return node.propose(text as string);
  if (verb === "read") return node.read();
  if (verb === "role") return node.group.status.role;
  return node.host.close();
}

parentPort!.on("message", async (order: WorkerOrder) => {
  const reply = await obey(order).then(
    (answer) => ({ answer }),
    (error: Error) => ({ failure: error.message }),
  );
  parentPort!.postMessage({ number: order.number, ...reply });
  if (order.verb === "close") parentPort!.close();
});
