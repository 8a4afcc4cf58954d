import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { cleanUp, introduce, type Node, numbered, numberOf, startNode, until } from "./testing.ts";

afterEach(cleanUp);

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

test("small frames that a slow reader leaves waiting are not written over by later turns", async () => {
  const [a, b] = await Promise.all([startNode(1), startNode(2)]);
  await introduce(a, b, 1, 2);
  for (const socket of b.sockets) socket.pause();
  const total = 60_000;
  const padding = new Uint8Array(150);
  for (let i = 0; i < total; i++) {
    padding.fill(i % 256); // copied: the caller may use it again
    assert.equal(a.transport.queue(2, 1, 1, numbered(i), padding), true);
    if (i % 7 === 0) a.transport.flush();
  }
  a.transport.flush();
  assert.ok(Math.max(...a.sockets.map((socket) => socket.writableLength)) > 1 << 20, "the kernel did not take all");
  for (const socket of b.sockets) socket.resume();
  await until(() => b.frames.length === total, "all arrived");
  for (const [i, { body }] of b.frames.entries()) {
    assert.equal(numberOf(body.subarray(0, 8)), i);
    assert.ok(body[8] === i % 256 && body[157] === i % 256, `frame ${i} was written over`);
  }
});
