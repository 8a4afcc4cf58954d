import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, decodeLatin1, encodeLatin1, toHex } from "../bytes.ts";
import { encodeUtf8 } from "../utf8.ts";
import { encodeFrame, Opcode } from "./frames.ts";
import { acceptOf, asksForWebSocket, judgeHandshake } from "./handshake.ts";
import { WebSocketServerConnection } from "./server-connection.ts";
import { sha1 } from "./sha1.ts";

const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const FINAL = 0x80;

/** A frame as a client sends it. */
function frame(first: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === "string" ? encodeUtf8(payload) : payload;
  const server = encodeFrame(0, bytes);
  const header = server.slice(0, server.length - bytes.length);
  header[0] = first;
  header[1]! |= 0x80;
  return concat([header, MASK, bytes.map((byte, i) => byte ^ MASK[i & 3]!)]);
}

interface Seen {
  messages: string[];
  /** What the server wrote. */
  sent: Uint8Array[];
  closed: number[];
}

function server(largest = 1000): Seen & { connection: WebSocketServerConnection } {
  const seen: Seen = { messages: [], sent: [], closed: [] };
  const connection = new WebSocketServerConnection(
    {
      onMessage: (_, message) => seen.messages.push(new TextDecoder().decode(message)),
      onClose: (_, code) => seen.closed.push(code),
      write: (bytes) => seen.sent.push(bytes),
    },
    largest,
  );
  return { ...seen, connection };
}

test("SHA-1 is that of the standard's examples", () => {
  assert.equal(toHex(sha1(encodeLatin1("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  const two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  assert.equal(toHex(sha1(encodeLatin1(two))), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  assert.equal(toHex(sha1(new Uint8Array(0))), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
});

test("the handshake of RFC 6455 §1.3 is answered, and others are refused", () => {
  assert.equal(acceptOf("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const good = {
    upgrade: "websocket",
    connection: "keep-alive, Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  };
  const judge = (change: Record<string, string>, method = "GET"): number => {
    const headers = new Map(Object.entries({ ...good, ...change }));
    const request = { method, target: "/", headers, body: new Uint8Array(0) };
    assert.ok(asksForWebSocket(request));
    return judgeHandshake(request).status;
  };
  assert.equal(judge({}), 101);
  assert.equal(judge({ upgrade: "h2c, WebSocket" }), 101);
  assert.equal(judge({}, "POST"), 405);
  assert.equal(judge({ connection: "keep-alive" }), 400);
  assert.equal(judge({ "sec-websocket-key": "dGhl" }), 400);
  assert.equal(judge({ "sec-websocket-version": "8" }), 426);
});

test("a message comes whole, however it is cut into fragments and chunks", () => {
  const bytes = concat([
    frame(Opcode.text, "hel"),
    frame(FINAL | Opcode.ping, "between"),
    frame(Opcode.continuation, ""),
    frame(FINAL | Opcode.continuation, "lo ✓"),
    frame(FINAL | Opcode.text, "x".repeat(300)),
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
      const { connection, messages, sent } = server();
      let from = 0;
      for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
        connection.receive(bytes.slice(from, cut));
        from = cut;
      }
      assert.deepEqual(messages, ["hello ✓", "x".repeat(300)]);
      assert.deepEqual(sent, [encodeFrame(Opcode.pong, encodeUtf8("between"))]);
    }),
    { seed: 5, numRuns: 100 },
  );
});

test("lengths of all three sizes are written as they are read", () => {
  for (const length of [0, 125, 126, 65_535, 65_536]) {
    const { connection, messages } = server(70_000);
    connection.receive(frame(FINAL | Opcode.text, "y".repeat(length)));
    assert.equal(messages[0]?.length, length);
  }
});

test("whoever breaks the rules is told which, and disconnected", () => {
  const wrong: [Uint8Array, code: number, reason: RegExp][] = [
    [encodeFrame(Opcode.text, encodeUtf8("hi")), 1002, /masked/],
    [frame(FINAL | 0x40 | Opcode.text, "hi"), 1002, /reserved/],
    [frame(FINAL | 3, "hi"), 1002, /opcode 3/],
    [frame(FINAL | 11, "hi"), 1002, /opcode 11/],
    [frame(Opcode.ping, "hi"), 1002, /control/],
    [frame(FINAL | Opcode.ping, "x".repeat(126)), 1002, /control/],
    [frame(FINAL | Opcode.continuation, "hi"), 1002, /continue/],
    [concat([frame(Opcode.text, "a"), frame(FINAL | Opcode.text, "b")]), 1002, /within/],
    [frame(FINAL | Opcode.text, Uint8Array.of(0xff)), 1007, /UTF-8/],
    [frame(FINAL | Opcode.text, "x".repeat(1001)), 1009, /1000 octets/],
    [concat([frame(Opcode.text, "x".repeat(600)), frame(FINAL, "x".repeat(600))]), 1009, /1000/],
    [concat(Array.from({ length: 1002 }, (_, i) => frame(i === 0 ? Opcode.text : 0, ""))), 1009, /1000/],
    [frame(FINAL | Opcode.close, Uint8Array.of(3)), 1002, /close/],
    [frame(FINAL | Opcode.close, Uint8Array.of(3, 0xed)), 1002, /close/],
  ];
  for (const [bytes, code, reason] of wrong) {
    const { connection, sent, closed } = server();
    connection.receive(bytes);
    assert.deepEqual(closed, [code], reason.source);
    const last = sent.at(-1)!;
    assert.deepEqual([last[0], (last[2]! << 8) | last[3]!], [FINAL | Opcode.close, code]);
    assert.match(decodeLatin1(last, 4), reason);
    connection.receive(frame(FINAL | Opcode.text, "too late"));
    assert.equal(sent.at(-1), last);
  }
});

test("goodbyes are answered", () => {
  const { connection, sent, closed } = server();
  connection.receive(frame(FINAL | Opcode.close, Uint8Array.of(3, 0xe8)));
  assert.deepEqual(sent, [Uint8Array.of(0x88, 2, 3, 0xe8)]);
  assert.deepEqual(closed, [1000]);
  const ours = server();
  ours.connection.close(1011, "ü".repeat(200));
  assert.ok(ours.sent[0]!.length <= 127, "a reason is cut to fit its frame");
  assert.deepEqual(ours.closed, []);
});

test("any octets end in a refusal or are waited for, never in an exception", () => {
  const payload = fc.uint8Array({ maxLength: 30 });
  const opcode = fc.constantFrom(0, 1, 2, 8, 9, 10, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a);
  const framed = fc.tuple(opcode, payload).map(([first, bytes]) => frame(first, bytes));
  const chunk = fc.oneof(framed, framed, payload);
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 10 }), fc.nat(40), (chunks, size) => {
      const { connection, messages } = server(100);
      const bytes = concat(chunks);
      for (let at = 0; at < bytes.length; at += size + 1) connection.receive(bytes.slice(at, at + size + 1));
      assert.ok(messages.every((message) => message.length <= 100));
    }),
    { seed: 6, numRuns: 1000 },
  );
});
