import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterEach, test } from "node:test";
import { encodeFrame } from "./frame.ts";
import { encodeHello } from "./hello.ts";
import { CLUSTER, cleanUp, connected, introduce, socketTo, startNode, until } from "./testing.ts";

afterEach(cleanUp);

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
  const good = { version: 2, clusterId: CLUSTER, node: 2, expected: 5, incarnation: 1 };
  const cases: [Uint8Array, RegExp][] = [
    [encodeHello({ ...good, clusterId: 7n }), /it belongs to cluster 0000000000000007, n5 to cluster 0000000000000abc/],
    [encodeHello({ ...good, version: 3 }), /it speaks version 3 of the peer protocol, n5 speaks 2/],
    [encodeHello({ ...good, node: 9 }), /n9 is not among the peers that n5 knows/],
    [encodeHello({ ...good, node: 5 }), /it calls itself n5/],
    [encodeHello({ ...good, expected: 4 }), /it looked for n4 and found n5/],
    [encodeFrame(1, 1, 0, new Uint8Array(3)), /a frame came before the hello/],
    [encodeFrame(0, 1, 0x80, new Uint8Array(40)), /its first frame is no hello/],
    [Buffer.from("PUT / HTTP/1.1\r\n\r\n"), /no frame of the peer protocol/],
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

test("who asks over HTTP is answered where there is something to say, and it is no reason for a warning", async () => {
  const handler = {
    onFrame: () => {},
    onHttpGet: (path: string) => (path === "/members" ? { headers: { "X-Cluster": "abc" }, body: "[1]" } : undefined),
  };
  const { address, lines } = await startNode(1, { handler });
  const found = await fetch(`http://${address}/members?all`);
  assert.deepEqual([found.status, found.headers.get("x-cluster"), await found.json()], [200, "abc", [1]]);
  assert.equal((await fetch(`http://${address}/other`)).status, 404);
  assert.deepEqual(lines, []);
});

test("a node that was removed from the cluster is told so, connected or not", async () => {
  let told = 0;
  const removed = new Set<number>();
  const keeper = { onFrame: () => {}, isRemoved: (node: number) => removed.has(node) };
  const [a, b] = await Promise.all([
    startNode(1, { handler: keeper }),
    startNode(2, { handler: { onFrame: () => {}, onRemoved: () => told++ } }),
  ]);
  await introduce(a, b, 1, 2);
  removed.add(2);
  a.transport.removePeer(2);
  await until(() => told >= 1, "its connection ends with that sentence");
  await until(() => told >= 2, "its next attempts are answered with it too");
  assert.ok(b.lines.some((line) => line.includes("n2 was removed from the cluster")));
});
