import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, test } from "node:test";
import { createLogger, type Logger } from "../log/logger.ts";
import { encodeFrame } from "./frame.ts";
import { encodeHello } from "./hello.ts";
import type { TransportHandler, TransportOptions } from "./options.ts";
import { TCP_SOCKETS } from "./sockets.ts";
import { Transport } from "./transport.ts";

const CLUSTER = 0xabcn;
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** One node: a transport, what it logged, and the sockets it opened. */
interface Node {
  transport: Transport;
  address: string;
  lines: string[];
  sockets: Socket[];
  frames: { from: number; group: number; kind: number; body: Uint8Array }[];
}

interface NodeOptions extends Partial<TransportOptions> {
  listenOn?: string;
  onFrame?: TransportHandler["onFrame"];
}

async function startNode(self: number, options: NodeOptions = {}): Promise<Node> {
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
async function until(condition: () => boolean, what: string, milliseconds = 3000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!condition()) {
    assert.ok(performance.now() < end, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function introduce(a: Node, b: Node, self: number, other: number): Promise<void> {
  a.transport.setPeer(other, b.address);
  b.transport.setPeer(self, a.address);
  await until(() => connected(a, other) && connected(b, self), `n${self} and n${other} are connected`);
}

function connected(node: Node, peer: number): boolean {
  return node.transport.isConnected(peer);
}

/** The socket by which one node dialed another. */
function socketTo(from: Node, to: Node): Socket {
  const socket = from.sockets.findLast((candidate) => `127.0.0.1:${candidate.remotePort}` === to.address);
  assert.ok(socket !== undefined);
  return socket;
}

function numbered(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

function numberOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset, body.length).getFloat64(0);
}

test("three nodes exchange 100,000 frames, each connection in order and without loss", async () => {
  const total = 100_000;
  const next = new Map<string, number>();
  const inOrder = (self: number) => (from: number, group: number, _kind: number, body: Uint8Array) => {
    const link = `${from}>${self}`;
    const expected = next.get(link) ?? 0;
    assert.equal(numberOf(body.subarray(0, 8)), expected);
    assert.equal(group, expected % 5);
    next.set(link, expected + 1);
  };
  const ids = [1, 2, 3];
  const nodes = await Promise.all(ids.map((id) => startNode(id, { onFrame: inOrder(id) })));
  const [a, b, c] = nodes as [Node, Node, Node];
  await Promise.all([introduce(a, b, 1, 2), introduce(a, c, 1, 3), introduce(b, c, 2, 3)]);
  const large = new Uint8Array(5000).fill(7);
  const perLink = Math.ceil(total / 6);
  for (let i = 0; i < perLink; i += 500) {
    for (const [index, node] of nodes.entries()) {
      for (const to of ids.filter((id) => id !== index + 1)) {
        for (let n = i; n < Math.min(i + 500, perLink); n++) {
          const body = n % 100 === 0 ? large : n % 3 === 0 ? undefined : large.subarray(0, n % 200);
          assert.equal(node.transport.queue(to, n % 5, 1, numbered(n), body), true);
        }
      }
      node.transport.flush();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(
    () => next.size === 6 && [...next.values()].every((count) => count === perLink),
    "everything arrived",
    8000,
  );
  assert.equal(a.transport.stats(2)?.framesSent, perLink);
  assert.equal(a.transport.stats(2)?.overflowed, 0);
});

test("a body shared by two peers arrives at both unchanged, and views of it stay valid", async () => {
  const [a, b, c] = await Promise.all([startNode(1), startNode(2), startNode(3)]);
  await Promise.all([introduce(a, b, 1, 2), introduce(a, c, 1, 3)]);
  const body = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  for (let i = 0; i < 5; i++) for (const to of [2, 3]) a.transport.queue(to, 9, 4, numbered(i), body);
  a.transport.flush();
  await until(() => b.frames.length === 5 && c.frames.length === 5, "both have all");
  for (const frame of [...b.frames, ...c.frames]) {
    assert.equal(frame.group, 9);
    assert.equal(Buffer.compare(frame.body.subarray(8), body), 0);
  }
  assert.deepEqual(
    b.frames.map((frame) => numberOf(frame.body.subarray(0, 8))),
    [0, 1, 2, 3, 4],
  );
});

test("a destroyed connection comes back within 100 ms, and frames pass again", async () => {
  const [a, b] = await Promise.all([startNode(1), startNode(2)]);
  await introduce(a, b, 1, 2);
  for (const side of [a, b, a]) {
    const before = b.transport.stats(1)?.disconnects ?? 0;
    for (const socket of side.sockets.splice(0)) socket.resetAndDestroy();
    const lost = performance.now();
    await until(() => b.transport.stats(1)?.disconnects === before + 1, "the loss is noticed");
    await until(() => connected(a, 2) && connected(b, 1), "they are connected again");
    assert.ok(performance.now() - lost < 300, "a reconnect takes one round trip and a small back-off");
  }
  assert.equal(a.transport.queue(2, 1, 1, numbered(1)), true);
  a.transport.flush();
  await until(() => b.frames.length === 1, "the frame arrived");
});

test("a node that returns after a long absence is reached at once, lower or higher, whatever the others' back-off", async () => {
  for (const [stays, returns] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const a = await startNode(stays);
    const first = await startNode(returns);
    await introduce(a, first, stays, returns);
    await first.transport.close();
    await until(() => a.lines.some((line) => line.includes("connection refused")), "the absence is logged");
    // Let the back-off of the one that stays grow to its end.
    await new Promise((resolve) => setTimeout(resolve, 700));
    const started = performance.now();
    const second = await startNode(returns, { listenOn: first.address, incarnation: 2 });
    second.transport.setPeer(stays, a.address);
    await until(() => connected(a, returns) && connected(second, stays), "it is back");
    assert.ok(performance.now() - started < 150, `it took ${performance.now() - started} ms`);
    assert.equal(a.transport.stats(returns)?.incarnation, 2);
    assert.equal(a.lines.filter((line) => line.includes("cannot reach")).length, 1, "said once, not at each attempt");
  }
});

test("a link open on one side only is found by its silence, and heals", async () => {
  const fast = { pingInterval: 30, deadAfter: 150, handshakeTimeout: 100 };
  const [a, b] = await Promise.all([startNode(1, fast), startNode(2, fast)]);
  await introduce(a, b, 1, 2);
  a.transport.faults.block(2, "in");
  b.transport.faults.block(1, "in");
  assert.equal(a.transport.queue(2, 1, 1, numbered(1)), true, "the sender cannot know");
  a.transport.flush();
  await until(() => !connected(a, 2) && !connected(b, 1), "both gave it up");
  assert.ok(a.lines.concat(b.lines).some((line) => /lost the connection to n[12]: silent for 0\.[12] s/.test(line)));
  assert.equal(b.frames.length, 0);
  assert.equal(a.transport.queue(2, 1, 1, numbered(2)), false);
  assert.equal(a.transport.stats(2)?.unreachable, 1);
  a.transport.faults.heal();
  b.transport.faults.heal();
  await until(() => connected(a, 2) && connected(b, 1), "they are connected again");
});

test("faults lose, hold back and block frames in one direction, and healing ends it in order", async () => {
  let draw = 0;
  const random = (): number => (draw++ % 2 === 0 ? 0.1 : 0.9);
  const [a, b] = await Promise.all([startNode(1, { random }), startNode(2)]);
  await introduce(a, b, 1, 2);
  draw = 0;
  a.transport.faults.drop(2, 0.5);
  for (let i = 0; i < 10; i++) a.transport.queue(2, 1, 1, numbered(i));
  a.transport.faults.heal(2);
  a.transport.faults.delay(2, 60);
  a.transport.flush();
  const sent = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 10));
  a.transport.faults.heal(2);
  a.transport.queue(2, 1, 1, numbered(10)); // must not overtake what is held back
  a.transport.flush();
  await until(() => b.frames.length === 6, "what was not lost has arrived");
  assert.ok(performance.now() - sent >= 55);
  assert.deepEqual(
    b.frames.map((frame) => numberOf(frame.body)),
    [1, 3, 5, 7, 9, 10],
  );
  b.transport.faults.block(1, "out");
  assert.equal(b.transport.queue(1, 1, 1, numbered(1)), true);
  assert.equal(a.transport.queue(2, 1, 1, numbered(11)), true);
  a.transport.flush();
  b.transport.flush();
  await until(() => b.frames.length === 7, "the other direction still works");
  assert.equal(a.frames.length, 0);
});

test("a peer that does not read fills its queue to the limit and no further", async () => {
  const maxQueuedBytes = 1 << 20;
  const a = await startNode(1, { maxQueuedBytes });
  const b = await startNode(2);
  await introduce(a, b, 1, 2);
  for (const socket of b.sockets) socket.pause();
  const body = new Uint8Array(100_000);
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    if (!a.transport.queue(2, 1, 1, numbered(i), body)) refused++;
    a.transport.flush();
  }
  const waiting = Math.max(...a.sockets.map((socket) => socket.writableLength));
  assert.ok(refused > 0 && waiting <= maxQueuedBytes, `${refused} refused, ${waiting} bytes wait`);
  assert.equal(a.transport.stats(2)?.overflowed, refused);
  for (const socket of b.sockets) socket.resume();
  await until(() => b.frames.length === 400 - refused, "what was accepted arrives");
  assert.equal(
    a.transport.queue(2, 1, 1, numbered(0), new Uint8Array(2 << 20)),
    true,
    "an empty queue takes any frame",
  );
});

/** Sends raw bytes to a node and returns what it answers before it closes. */
function speakTo(address: string, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = Number(address.split(":")[1]);
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("whoever does not belong here is told why in one sentence, and the log says it too", async () => {
  const node = await startNode(5);
  node.transport.setPeer(2, "127.0.0.1:1");
  const good = { version: 1, clusterId: CLUSTER, node: 2, expected: 5, incarnation: 1 };
  const cases: [Uint8Array, RegExp][] = [
    [encodeHello({ ...good, clusterId: 7n }), /it belongs to cluster 0000000000000007, n5 to cluster 0000000000000abc/],
    [encodeHello({ ...good, version: 3 }), /it speaks version 3 of the peer protocol, n5 speaks 1/],
    [encodeHello({ ...good, node: 9 }), /n9 is not among the peers that n5 knows/],
    [encodeHello({ ...good, node: 5 }), /it calls itself n5/],
    [encodeHello({ ...good, expected: 4 }), /it looked for n4 and found n5/],
    [encodeFrame(1, 1, 0, new Uint8Array(3)), /a frame came before the hello/],
    [encodeFrame(0, 1, 0x80, new Uint8Array(40)), /its first frame is no hello/],
    [Buffer.from("GET / HTTP/1.1\r\n\r\n"), /no frame of the peer protocol/],
  ];
  for (const [bytes, sentence] of cases) {
    assert.match(await speakTo(node.address, bytes), sentence);
    const line = node.lines.findLast((text) => text.includes("refused a connection")) ?? "";
    assert.match(line, sentence);
  }
});

test("a dialer reports a wrong address and a foreign cluster, and goes on trying", async () => {
  const a = await startNode(1);
  const foreign = await startNode(2, { clusterId: 0xdefn });
  const mixedUp = await startNode(4);
  foreign.transport.setPeer(1, a.address);
  mixedUp.transport.setPeer(1, a.address);
  a.transport.setPeer(2, foreign.address);
  a.transport.setPeer(3, mixedUp.address);
  const said = (text: RegExp): boolean => a.lines.some((line) => text.test(line));
  await until(() => said(/cannot reach n2: it refused: it belongs to cluster/), "the foreign cluster is reported");
  await until(
    () => said(/cannot reach n3: it refused: it looked for n3 and found n4/),
    "the wrong address is reported",
  );
  const right = await startNode(3);
  right.transport.setPeer(1, a.address);
  a.transport.setPeer(3, right.address);
  await until(() => connected(a, 3), "the corrected address works");
});

test("garbage after the hello closes that connection only", async () => {
  const [a, b, c] = await Promise.all([startNode(1), startNode(2), startNode(3)]);
  await Promise.all([introduce(a, b, 1, 2), introduce(a, c, 1, 3)]);
  socketTo(a, b).write(encodeFrame(1, 1, 0x40, new Uint8Array(2)));
  await until(() => b.lines.some((line) => line.includes("unknown flags 64")), "n2 says what was wrong");
  await until(() => connected(b, 1), "and the connection is made anew");
  assert.equal(a.transport.stats(3)?.disconnects, 0);
});

test("a removed peer is disconnected and refused; a stopped node says goodbye", async () => {
  const [a, b, c] = await Promise.all([startNode(1), startNode(2), startNode(3)]);
  await Promise.all([introduce(a, b, 1, 2), introduce(a, c, 1, 3)]);
  a.transport.removePeer(2);
  await until(() => b.lines.some((line) => line.includes("n2 is no longer a peer of n1")), "n2 is told");
  await until(() => b.lines.some((line) => line.includes("n2 is not among the peers")), "n2 is refused");
  assert.deepEqual(a.transport.peers(), [3]);
  await c.transport.close();
  await until(() => a.lines.some((line) => line.includes("lost the connection to n3: n3 is stopping")), "n1 is told");
});

test("pings measure the round trip", async () => {
  const samples: number[] = [];
  const handler = { onFrame: () => undefined, onRoundTrip: (_: number, seconds: number) => samples.push(seconds) };
  const a = await startNode(1, { pingInterval: 10, handler });
  const b = await startNode(2);
  await introduce(a, b, 1, 2);
  a.transport.faults.delay(2, 20);
  await until(() => samples.some((seconds) => seconds >= 0.019), "a delayed ping was answered");
  assert.ok(samples.every((seconds) => seconds > 0 && seconds < 1));
  assert.ok((a.transport.stats(2)?.roundTripTime ?? 0) > 0);
});

test("a server that accepts and never says hello does not hold up a node", async () => {
  const silent: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => void silent.close());
  const a = await startNode(1, { handshakeTimeout: 50 });
  a.transport.setPeer(2, `127.0.0.1:${(silent.address() as { port: number }).port}`);
  await until(() => a.lines.some((line) => line.includes("cannot reach n2: no answer to the hello")), "it gave up");
  const b = await startNode(2);
  b.transport.setPeer(1, a.address);
  a.transport.setPeer(2, b.address);
  await until(() => connected(a, 2), "the right one is reached");
});

test("a cut connection with a frame half sent leaves nothing behind", async () => {
  const [a, b] = await Promise.all([startNode(1), startNode(2)]);
  await introduce(a, b, 1, 2);
  const socket = socketTo(a, b);
  socket.write(encodeFrame(1, 1, 0, new Uint8Array(50_000)).subarray(0, 30_000));
  await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
  await until(() => b.transport.stats(1)?.disconnects === 1, "n2 noticed");
  await until(() => connected(b, 1) && connected(a, 2), "they are connected again");
  a.transport.queue(2, 3, 2, numbered(42));
  a.transport.flush();
  await until(() => b.frames.length > 0, "a frame arrives");
  assert.deepEqual(b.frames, [{ from: 1, group: 3, kind: 2, body: numbered(42) }]);
});
