import assert from "node:assert/strict";
import { test } from "node:test";
import { HEADER_BYTES } from "./frame.ts";
import { decodeGoodbye, decodeHello, encodeGoodbye, encodeHello, type Hello, judgeHello } from "./hello.ts";

const ours: Hello = { version: 2, clusterId: 0xfeed_0000_0000_0001n, node: 1, expected: 0, incarnation: 7 };
const theirs: Hello = { version: 2, clusterId: ours.clusterId, node: 2, expected: 1, incarnation: 2 ** 53 - 1 };
const isPeer = (node: number): boolean => node === 2 || node === 3;

test("a hello survives its encoding", () => {
  assert.deepEqual(decodeHello(encodeHello(theirs).subarray(HEADER_BYTES)), theirs);
});

test("what is no hello is not taken for one", () => {
  assert.equal(decodeHello(new Uint8Array(32)), undefined);
  assert.equal(decodeHello(new Uint8Array(0)), undefined);
  assert.equal(decodeHello(encodeHello(theirs).subarray(HEADER_BYTES, -1)), undefined);
});

test("of a hello of another version only the version is read, whatever follows", () => {
  const bytes = encodeHello({ ...theirs, version: 9 }).subarray(HEADER_BYTES, HEADER_BYTES + 12);
  const hello = decodeHello(bytes);
  assert.equal(hello?.version, 9);
  const verdict = judgeHello(hello as Hello, ours, isPeer);
  assert.equal(verdict?.code, "otherVersion");
  assert.equal(verdict?.sentence, "it speaks version 9 of the peer protocol, n1 speaks 2");
});

test("each mismatch has its own code and one sentence; a good hello has none", () => {
  assert.equal(judgeHello(theirs, ours, isPeer), undefined);
  const cases: [Partial<Hello>, string, RegExp][] = [
    [{ clusterId: 5n }, "otherCluster", /cluster 0000000000000005, n1 to cluster feed000000000001/],
    [{ node: 1 }, "sameNode", /calls itself n1/],
    [{ expected: 3 }, "wrongNode", /looked for n3 and found n1/],
    [{ node: 9 }, "unknownNode", /n9 is not among the peers/],
  ];
  for (const [change, code, sentence] of cases) {
    const verdict = judgeHello({ ...theirs, ...change }, ours, isPeer);
    assert.equal(verdict?.code, code);
    assert.match(verdict?.sentence ?? "", sentence);
  }
});

test("a goodbye carries its code and its sentence, cut to a sane length", () => {
  const goodbye = { code: "otherCluster", sentence: "it belongs elsewhere" } as const;
  assert.deepEqual(decodeGoodbye(encodeGoodbye(goodbye).subarray(HEADER_BYTES)), goodbye);
  const long = encodeGoodbye({ code: "stopping", sentence: "x".repeat(10_000) }).subarray(HEADER_BYTES);
  assert.equal(decodeGoodbye(long).sentence.length, 512);
  assert.equal(decodeGoodbye(new Uint8Array([250])).code, "stopping");
});
