/** RFC 9113 from the server's side, rule by rule: framing, requests and their faults. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "../bytes.ts";
import * as frames from "./frames.ts";
import { Setting } from "./frames.ts";
import { encodeHeaders, type FieldToSend } from "./hpack/encoder.ts";
import { codeOf, RecordingServer, started } from "./recording-server.ts";
import { REQUEST, script } from "./scripted-peer.ts";

const { DATA, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE } = frames;

/** The code of the GOAWAY that ends the connection over `parts`. */
function connectionError(...parts: Uint8Array[]): string | undefined {
  const server = started();
  const last = server.say(...parts).at(-1);
  assert.equal(server.connection.closed, last?.type === GOAWAY);
  assert.equal(server.connection.streams.size, server.connection.closed ? 0 : server.connection.streams.size);
  return last?.type === GOAWAY ? codeOf(last) : undefined;
}

/** The code of the RST_STREAM for stream 1, the connection being alive. */
function streamError(...parts: Uint8Array[]): string | undefined {
  const server = started();
  const answers = server.say(...parts, script.ping());
  assert.equal(answers.at(-1)?.type, PING, "the connection is alive");
  return codeOf(answers.find(({ type, stream }) => type === RST_STREAM && stream === 1));
}

test("the server says its SETTINGS first and acknowledges the client's (§3.4, §6.5.3)", () => {
  const server = new RecordingServer();
  assert.deepEqual(
    server.answers().map(({ type, flags }) => [type, flags]),
    [
      [SETTINGS, 0],
      [WINDOW_UPDATE, 0],
    ],
  );
  const [ack, ...none] = server.say(script.hello());
  assert.deepEqual([ack?.type, ack?.flags, none], [SETTINGS, frames.ACK, []]);
});

test("a request and its content arrive, and PINGs come back", () => {
  const server = started();
  const answers = server.say(
    script.headers(1),
    script.data(1, [0x68, 0x69]),
    script.data(1, [0x21], true),
    script.headers(3, REQUEST, true),
    script.ping(),
  );
  assert.deepEqual(server.told, [
    "1 POST /test.Echo/Unary",
    "1 data hi",
    "1 data ! last",
    "3 POST /test.Echo/Unary last",
  ]);
  assert.deepEqual(
    answers.map(({ type, flags, payload }) => [type, flags, ...payload]),
    [[PING, frames.ACK, 1, 2, 3, 4, 5, 6, 7, 8]],
  );
});

test("a conversation cut anywhere is the same conversation", () => {
  const block = encodeHeaders(REQUEST);
  const padded = new Uint8Array([3, ...block, 0, 0, 0]);
  const whole = concat([
    script.hello([Setting.INITIAL_WINDOW_SIZE, 100_000]),
    script.headers(1),
    script.frame(HEADERS, frames.END_HEADERS | frames.PADDED, 3, padded),
    script.frame(DATA, frames.PADDED, 3, [2, 0x61, 0x62, 0, 0]),
    script.frame(HEADERS, 0, 5, block.subarray(0, 3)),
    script.frame(frames.CONTINUATION, 0, 5, block.subarray(3, 9)),
    script.frame(frames.CONTINUATION, frames.END_HEADERS, 5, block.subarray(9)),
    script.frame(0x42, 0xff, 5, [1, 2, 3]),
    script.frame(HEADERS, frames.END_HEADERS | frames.HAS_PRIORITY | frames.END_STREAM, 7, [0, 0, 0, 3, 9, ...block]),
    script.frame(frames.PRIORITY, 0, 9, [0, 0, 0, 3, 9]),
    script.data(1, new Uint8Array(5000).fill(0x78), true),
    script.headers(3, [["grpc-trailer", "x"]], true),
    script.ping(),
  ]);
  const uncut = new RecordingServer();
  const answers = uncut.say(whole);
  assert.deepEqual(uncut.told, [
    "1 POST /test.Echo/Unary",
    "3 POST /test.Echo/Unary",
    "3 data ab",
    "5 POST /test.Echo/Unary",
    "7 POST /test.Echo/Unary last",
    `1 data ${"x".repeat(20)} last`,
    "3 data  last",
  ]);
  const pieces = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4000 }));
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 50 }), (sizes) => {
      const server = new RecordingServer();
      for (let at = 0, turn = 0; at < whole.length; turn++) {
        const size = sizes[turn % sizes.length] as number;
        server.connection.receive(whole.slice(at, at + size), 0);
        at += size;
      }
      assert.deepEqual(server.told, uncut.told);
      assert.deepEqual(server.answers(), answers);
    }),
    { seed: 6, numRuns: 200 },
  );
});

test("the connection ends over what breaks its framing, with the code that RFC 9113 names", () => {
  const { frame, headers, data } = script;
  const block = encodeHeaders(REQUEST);
  const cases: [what: string, code: string, parts: Uint8Array[]][] = [
    ["a frame above the limit (§4.2)", "FRAME_SIZE_ERROR", [frame(DATA, 0, 1, new Uint8Array(16_385))]],
    ["a broken header block (§4.3)", "COMPRESSION_ERROR", [frame(HEADERS, frames.END_HEADERS, 1, [0x80])]],
    ["broken trailers", "COMPRESSION_ERROR", [headers(1), frame(HEADERS, frames.END_HEADERS, 1, [0x80])]],
    ["stream ids that do not rise (§5.1.1)", "PROTOCOL_ERROR", [headers(5), headers(3)]],
    ["an even stream id (§5.1.1)", "PROTOCOL_ERROR", [headers(2)]],
    ["HEADERS on stream 0 (§6.2)", "PROTOCOL_ERROR", [headers(0)]],
    ["DATA on stream 0 (§6.1)", "PROTOCOL_ERROR", [data(0, [1])]],
    ["DATA on an idle stream (§5.1)", "PROTOCOL_ERROR", [data(1, [1])]],
    ["padding as long as the payload (§6.1)", "PROTOCOL_ERROR", [headers(1), frame(DATA, frames.PADDED, 1, [1])]],
    ["padding without its length", "FRAME_SIZE_ERROR", [headers(1), frame(DATA, frames.PADDED, 1)]],
    ["HEADERS that are padding", "PROTOCOL_ERROR", [frame(HEADERS, 0xc, 1, [9, ...block.subarray(0, 5)])]],
    ["HEADERS without their padding", "FRAME_SIZE_ERROR", [frame(HEADERS, 0xc, 1)]],
    ["a PRIORITY of four octets (§6.3)", "FRAME_SIZE_ERROR", [frame(frames.PRIORITY, 0, 1, [0, 0, 0, 0])]],
    ["PRIORITY on stream 0", "PROTOCOL_ERROR", [frame(frames.PRIORITY, 0, 0, [0, 0, 0, 0, 0])]],
    ["RST_STREAM on an idle stream (§6.4)", "PROTOCOL_ERROR", [script.reset(1)]],
    ["RST_STREAM of three octets", "FRAME_SIZE_ERROR", [headers(1), frame(RST_STREAM, 0, 1, [0, 0, 0])]],
    ["SETTINGS on a stream (§6.5)", "PROTOCOL_ERROR", [frame(SETTINGS, 0, 1)]],
    ["SETTINGS of five octets", "FRAME_SIZE_ERROR", [frame(SETTINGS, 0, 0, [0, 1, 0, 0, 0])]],
    ["an acknowledgement with a payload", "FRAME_SIZE_ERROR", [frame(SETTINGS, frames.ACK, 0, [0, 1, 0, 0, 0, 0])]],
    ["ENABLE_PUSH of 2 (§6.5.2)", "PROTOCOL_ERROR", [script.settings([Setting.ENABLE_PUSH, 2])]],
    ["a window of 2^31", "FLOW_CONTROL_ERROR", [script.settings([Setting.INITIAL_WINDOW_SIZE, 0x8000_0000])]],
    ["frames of 16,383 octets", "PROTOCOL_ERROR", [script.settings([Setting.MAX_FRAME_SIZE, 16_383])]],
    ["PUSH_PROMISE from a client (§8.4)", "PROTOCOL_ERROR", [frame(frames.PUSH_PROMISE, 4, 1, [0, 0, 0, 2])]],
    ["PING on a stream (§6.7)", "PROTOCOL_ERROR", [frame(PING, 0, 1, new Uint8Array(8))]],
    ["PING of seven octets", "FRAME_SIZE_ERROR", [frame(PING, 0, 0, new Uint8Array(7))]],
    ["GOAWAY on a stream (§6.8)", "PROTOCOL_ERROR", [frame(GOAWAY, 0, 1, new Uint8Array(8))]],
    ["GOAWAY of seven octets", "FRAME_SIZE_ERROR", [frame(GOAWAY, 0, 0, new Uint8Array(7))]],
    ["WINDOW_UPDATE of three octets (§6.9)", "FRAME_SIZE_ERROR", [frame(WINDOW_UPDATE, 0, 0, [0, 0, 1])]],
    ["WINDOW_UPDATE of nothing", "PROTOCOL_ERROR", [script.windowUpdate(0, 0)]],
    ["WINDOW_UPDATE on an idle stream", "PROTOCOL_ERROR", [script.windowUpdate(1, 1)]],
    ["a connection window above 2^31-1 (§6.9.1)", "FLOW_CONTROL_ERROR", [script.windowUpdate(0, 0x7fff_ffff)]],
    [
      "an initial window that lifts a stream above it (§6.9.2)",
      "FLOW_CONTROL_ERROR",
      [headers(1), script.windowUpdate(1, 0x7fff_0000), script.settings([Setting.INITIAL_WINDOW_SIZE, 0x7fff_ffff])],
    ],
    ["CONTINUATION without HEADERS (§6.10)", "PROTOCOL_ERROR", [frame(frames.CONTINUATION, 4, 1, block)]],
    ["a frame inside a header block", "PROTOCOL_ERROR", [frame(HEADERS, 0, 1, block), script.ping()]],
    [
      "CONTINUATION of another stream",
      "PROTOCOL_ERROR",
      [frame(HEADERS, 0, 1, block), frame(frames.CONTINUATION, frames.END_HEADERS, 3, [])],
    ],
  ];
  for (const [what, code, parts] of cases) assert.equal(connectionError(...parts), code, what);
});

test("a stream ends over its own faults, and the connection lives on", () => {
  const cases: [what: string, code: string, parts: Uint8Array[]][] = [
    ["content after its end (§5.1)", "STREAM_CLOSED", [script.headers(1, REQUEST, true), script.data(1, [1])]],
    ["HEADERS after its end", "STREAM_CLOSED", [script.headers(1, REQUEST, true), script.headers(1, [], true)]],
    ["trailers that do not end it (§8.1)", "PROTOCOL_ERROR", [script.headers(1), script.headers(1, [["a", "b"]])]],
    ["pseudo-headers in trailers", "PROTOCOL_ERROR", [script.headers(1), script.headers(1, [[":path", "/"]], true)]],
    ["a window update of nothing (§6.9)", "PROTOCOL_ERROR", [script.headers(1), script.windowUpdate(1, 0)]],
    ["a window above 2^31-1", "FLOW_CONTROL_ERROR", [script.headers(1), script.windowUpdate(1, 0x7fff_ffff)]],
  ];
  for (const [what, code, parts] of cases) assert.equal(streamError(...parts), code, what);
});

test("a malformed request never reaches the layer above (§8.1.1, §8.2, §8.3)", () => {
  const without = (name: string): FieldToSend[] => REQUEST.filter(([each]) => each !== name);
  const extra = (...fields: FieldToSend[]): FieldToSend[] => [...REQUEST, ...fields];
  const malformed: [what: string, fields: readonly FieldToSend[]][] = [
    ["no :method", without(":method")],
    ["no :scheme", without(":scheme")],
    ["no :path", without(":path")],
    ["empty :path", [...without(":path").slice(0, 2), [":path", ""]]],
    ["repeated :path", [[":path", "/"], ...REQUEST]],
    ["unknown pseudo-header", [[":protocol", "websocket"], ...REQUEST]],
    ["pseudo-header of a response", [[":status", "200"], ...REQUEST]],
    ["pseudo-header behind a field", extra([":authority", "n1"])],
    ["upper case in a name", extra(["X-A", "b"])],
    ["space in a name", extra(["x a", "b"])],
    ["empty name", extra(["", "b"])],
    ["line feed in a value", extra(["a", "b\nc: d"])],
    ["NUL in a value", extra(["a", "b\0"])],
    ["space before a value", extra(["a", " b"])],
    ["connection", extra(["connection", "close"])],
    ["transfer-encoding", extra(["transfer-encoding", "chunked"])],
    ["te: gzip", extra(["te", "gzip"])],
    ["content-length that is no number", extra(["content-length", "1x"])],
    ["two content-lengths", extra(["content-length", "1"], ["content-length", "2"])],
    ["CONNECT without :authority", [[":method", "CONNECT"]]],
  ];
  for (const [what, fields] of malformed) {
    const server = started();
    const [answer] = server.say(script.headers(1, fields));
    assert.equal(codeOf(answer), "PROTOCOL_ERROR", what);
    assert.deepEqual(server.told, [], what);
  }
  assert.equal(started().say(script.headers(1, extra(["te", "trailers"], ["content-length", "7"]))).length, 0);
});

test("content must be as long as content-length says (§8.1.1)", () => {
  const five: FieldToSend[] = [...REQUEST, ["content-length", "5"]];
  assert.equal(streamError(script.headers(1, five, true)), "PROTOCOL_ERROR");
  assert.equal(streamError(script.headers(1, five), script.data(1, [1, 2, 3], true)), "PROTOCOL_ERROR");
  assert.equal(streamError(script.headers(1, five), script.data(1, [1, 2, 3, 4, 5, 6])), "PROTOCOL_ERROR");
  assert.equal(
    streamError(script.headers(1, five), script.data(1, [1, 2, 3]), script.data(1, [4, 5], true)),
    undefined,
  );
  const trailers = script.headers(1, [["a", "b"]], true);
  assert.equal(streamError(script.headers(1, five), script.data(1, [1, 2, 3]), trailers), "PROTOCOL_ERROR");
});

test("what is not HTTP/2 is told so, and a first frame that is not SETTINGS too", () => {
  const server = new RecordingServer();
  server.answers();
  const text = Uint8Array.from("GET / HTTP/1.1\r\n\r\n", (c) => c.charCodeAt(0));
  assert.equal(codeOf(server.say(text)[0]), "PROTOCOL_ERROR");
  for (const first of [script.ping(), script.headers(1), script.frame(SETTINGS, frames.ACK, 0)]) {
    const other = new RecordingServer();
    other.answers();
    assert.equal(codeOf(other.say(frames.PREFACE, first)[0]), "PROTOCOL_ERROR");
    assert.equal(other.connection.closed, true);
  }
});
