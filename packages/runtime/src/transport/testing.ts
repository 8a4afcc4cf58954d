import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { createLogger, type Logger } from "../log/logger.ts";
import type { TransportHandler, TransportOptions } from "./options.ts";
import { TCP_SOCKETS } from "./sockets.ts";
import { Transport } from "./transport.ts";

/** Helpers of this folder's tests: transports on real loopback sockets. */

export const CLUSTER = 0xabcn;
const cleanups: (() => Promise<void> | void)[] = [];

/** For `afterEach`: stops what the test started, the latest first. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export function atEnd(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** One node: a transport, what it logged, and the sockets it opened. */
export interface Node {
  transport: Transport;
  address: string;
  lines: string[];
  sockets: Socket[];
  frames: { from: number; group: number; kind: number; body: Uint8Array }[];
}

export interface NodeOptions extends Partial<TransportOptions> {
  listenOn?: string;
  onFrame?: TransportHandler["onFrame"];
}

export async function startNode(self: number, options: NodeOptions = {}): Promise<Node> {
  const lines: string[] = [];
  const sockets: Socket[] = [];
  const frames: Node["frames"] = [];
  const { listenOn, onFrame, ...rest } = options;
  const transport = new Transport({
    self,
    clusterId: CLUSTER,
    incarnation: 1,
    logger: recordingLogger(lines),
    handler: { onFrame: onFrame ?? ((from, group, kind, body) => frames.push({ from, group, kind, body })) },
    sockets: recordingSockets(sockets),
    ...rest,
  });
  const address = await transport.listen(listenOn ?? "127.0.0.1:0");
  cleanups.push(() => transport.close());
  return { transport, address, lines, sockets, frames };
}

function recordingLogger(lines: string[]): Logger {
  return createLogger({ level: "debug", sink: { write: (text) => lines.push(text), flush: () => undefined } });
}

function recordingSockets(sockets: Socket[]): typeof TCP_SOCKETS {
  return {
    dial(address) {
      const socket = TCP_SOCKETS.dial(address);
      sockets.push(socket);
      return socket;
    },
    serve: (accepted) =>
      TCP_SOCKETS.serve((socket) => {
        sockets.push(socket);
        accepted(socket);
      }),
  };
}

/** Waits for what another socket's turn will bring. */
export async function until(condition: () => boolean, what: string, milliseconds = 10_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!condition()) {
    assert.ok(performance.now() < end, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export async function introduce(a: Node, b: Node, self: number, other: number): Promise<void> {
  a.transport.setPeer(other, b.address);
  b.transport.setPeer(self, a.address);
  await until(() => connected(a, other) && connected(b, self), `n${self} and n${other} are connected`);
}

export function connected(node: Node, peer: number): boolean {
  return node.transport.isConnected(peer);
}

/** The socket by which one node dialed another. */
export function socketTo(from: Node, to: Node): Socket {
  const socket = from.sockets.findLast((candidate) => `127.0.0.1:${candidate.remotePort}` === to.address);
  assert.ok(socket !== undefined);
  return socket;
}

export function numbered(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

export function numberOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset, body.length).getFloat64(0);
}
