import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, test } from "node:test";
import { encodeFrame } from "./frame.ts";
import { atEnd, CLUSTER, cleanUp, connected, introduce, numbered, socketTo, startNode, until } from "./testing.ts";

afterEach(cleanUp);

test("a destroyed connection comes back without delay, and frames pass again", async () => {
  const [a, b] = await Promise.all([startNode(1), startNode(2)]);
  await introduce(a, b, 1, 2);
  for (const side of [a, b, a]) {
    const before = b.transport.stats(1)?.disconnects ?? 0;
    for (const socket of side.sockets.splice(0)) socket.resetAndDestroy();
    const lost = performance.now();
    await until(() => b.transport.stats(1)?.disconnects === before + 1, "the loss is noticed");
    await until(() => connected(a, 2) && connected(b, 1), "they are connected again");
    assert.ok(performance.now() - lost < 900, "a reconnect takes one round trip and a small back-off");
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
    const a = await startNode(stays, { random: () => 0 }); // no jitter: 20, 40, 80, 160, 320, 640, then 1,000 ms
    const first = await startNode(returns);
    await introduce(a, first, stays, returns);
    await first.transport.close();
    const attempts = a.sockets.length + 6;
    await until(() => a.sockets.length === attempts, "the back-off is at its longest");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const started = performance.now();
    const second = await startNode(returns, { listenOn: first.address, incarnation: 2 });
    second.transport.setPeer(stays, a.address);
    await until(() => connected(a, returns) && connected(second, stays), "it is back");
    assert.ok(performance.now() - started < 600, `it took ${performance.now() - started} ms`);
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

const PEER_PROCESS = `
  import { Transport } from ${JSON.stringify(new URL("./transport.ts", import.meta.url).href)};
  import { createLogger } from ${JSON.stringify(new URL("../log/logger.ts", import.meta.url).href)};
  const handler = { onFrame: (from, group, kind, body) => (transport.queue(from, group, kind, body), transport.flush()) };
  const transport = new Transport({
    self: 2, clusterId: ${CLUSTER}n, incarnation: 9, handler, logger: createLogger({ level: "error" }), pingInterval: 50,
  });
  console.log(await transport.listen("127.0.0.1:0"));
  process.stdin.once("data", (address) => transport.setPeer(1, String(address).trim()));
  process.stdin.on("end", () => process.exit());
`;

test("a process that is stopped is given up, and reached again soon after it goes on; killed, it is missed at once", async () => {
  const a = await startNode(1, { pingInterval: 50, deadAfter: 300 });
  const child = spawn(process.execPath, ["--input-type=module", "-e", PEER_PROCESS], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  atEnd(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  child.stdin.write(`${a.address}\n`);
  a.transport.setPeer(2, line.toString().trim());
  await until(() => connected(a, 2), "they are connected");
  child.kill("SIGSTOP");
  await until(() => !connected(a, 2), "the silence is noticed");
  assert.ok(a.lines.some((text) => text.includes("lost the connection to n2: silent for")));
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGCONT");
  await until(() => connected(a, 2), "it is reached again");
  a.transport.queue(2, 1, 1, numbered(5));
  a.transport.flush();
  await until(() => a.frames.length > 0, "it answers");
  child.kill("SIGKILL");
  await until(() => !connected(a, 2), "its end is noticed");
  assert.match(a.lines.findLast((text) => text.includes("lost the connection")) ?? "", /closed it|reset/);
});

test("a server that accepts and never says hello does not hold up a node", async () => {
  const silent: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  atEnd(() => void silent.close());
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
