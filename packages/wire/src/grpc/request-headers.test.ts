/** What the headers of a call say, and how calls that cannot be routed are answered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, encodeLatin1 } from "../bytes.ts";
import * as frames from "../http2/frames.ts";
import type { FieldToSend } from "../http2/hpack/encoder.ts";
import { REQUEST, script } from "../http2/scripted-peer.ts";
import { CHAT, message, RecordingService, status, UNARY } from "./recording-service.ts";

test("metadata is found by name, binary metadata is decoded, and the timeout is in microseconds", () => {
  const service = new RecordingService();
  const fields: FieldToSend[] = [
    ["token", "abc"],
    ["x", "1"],
    ["x", "2"],
    ["trace-bin", "AQID,/w=="],
    ["bad-bin", "*"],
  ];
  const units = { "1H": 3.6e9, "2M": 1.2e8, "3S": 3e6, "4m": 4000, "5u": 5, "6n": 1, "99999999u": 99_999_999 };
  for (const [i, [timeout, microseconds]] of Object.entries(units).entries()) {
    const id = 2 * i + 1;
    service.say(script.headers(id, [...REQUEST, ...fields, ["grpc-timeout", timeout]]));
    assert.equal(service.connection.timeout(id), microseconds);
    assert.equal(service.connection.metadata(id, "token"), "abc");
    assert.equal(service.connection.metadata(id, "x"), "1,2");
    assert.equal(service.connection.metadata(id, "y"), undefined);
    assert.deepEqual(service.connection.binaryMetadata(id, "trace-bin"), [Uint8Array.of(1, 2, 3), Uint8Array.of(255)]);
    assert.deepEqual(service.connection.binaryMetadata(id, "bad-bin"), []);
  }
  for (const [i, malformed] of ["1", "S", "123456789S", "1x", "-1S", "1.5S"].entries()) {
    service.say(script.headers(101 + 2 * i, [...REQUEST, ["grpc-timeout", malformed]]));
    assert.equal(service.connection.timeout(101 + 2 * i), undefined, malformed);
  }
});

test("statuses carry any text, cut to what a header may hold", () => {
  const service = new RecordingService();
  const texts: [string, string][] = [
    [
      "etcdserver: mvcc: required revision has been compacted",
      "etcdserver: mvcc: required revision has been compacted",
    ],
    ["100 % größer\n", "100 %25 gr%C3%B6%C3%9Fer%0A"],
    [" spaces ", "%20spaces%20"],
    ["x".repeat(100_000), "x".repeat(2048)],
  ];
  for (const [i, [text, encoded]] of texts.entries()) {
    service.say(script.headers(2 * i + 1), script.data(2 * i + 1, message(), true));
    service.connection.finish(2 * i + 1, 11, text);
    assert.equal(status(service.answers()), `200 11 ${encoded}`);
  }
});

test("what cannot be routed is answered without asking the handler", () => {
  const replaced = (name: string, value: string): FieldToSend[] =>
    REQUEST.map(([each, old]) => [each, each === name ? value : old]);
  const refusals: [FieldToSend[], string][] = [
    [replaced(":path", "/test.Echo/Sing"), "200 12 unknown method Sing for service test.Echo"],
    [replaced(":path", "/test.Choir/Sing"), "200 12 unknown service test.Choir"],
    [replaced(":path", "sing"), '200 12 malformed method name: "sing"'],
    [replaced(":method", "PUT"), '405 13 received method "PUT" which should be POST'],
    [replaced("content-type", "application/json"), '415 3 invalid gRPC request content-type "application/json"'],
    [replaced("content-type", "application/grpcish"), '415 3 invalid gRPC request content-type "application/grpcish"'],
    [[...REQUEST, ["long", "x".repeat(17_000)]], "431 8 header list size to receive exceeds the limit"],
  ];
  const service = new RecordingService();
  for (const [i, [fields, expected]] of refusals.entries()) {
    const block = script.headers(2 * i + 1, fields);
    assert.equal(status(service.say(block.length > 16_393 ? split(block) : block)), expected);
  }
  for (const type of ["application/grpc+proto", "application/grpc;charset=utf-8"]) {
    assert.deepEqual(service.say(script.headers(type.length * 2 + 41, replaced("content-type", type))), []);
  }
  assert.deepEqual(service.told, []);
});

/** A HEADERS frame above the frame limit as HEADERS and CONTINUATION. */
function split(headers: Uint8Array): Uint8Array {
  const stream = frames.uint31(headers, 5);
  const block = headers.subarray(frames.FRAME_HEADER);
  return concat([
    script.frame(frames.HEADERS, 0, stream, block.subarray(0, 10_000)),
    script.frame(frames.CONTINUATION, frames.END_HEADERS, stream, block.subarray(10_000)),
  ]);
}

test("repeated requests are recognised, and their table entries may change under them", () => {
  const service = new RecordingService();
  const indexed = (path: string): Uint8Array => {
    const literal = encodeLatin1(path);
    return concat([
      Uint8Array.of(0x83, 0x86, 0x44, literal.length),
      literal,
      Uint8Array.of(0x5f, 16),
      encodeLatin1("application/grpc"),
    ]);
  };
  const open = (id: number, block: Uint8Array): Uint8Array =>
    concat([script.frame(frames.HEADERS, frames.END_HEADERS, id, block), script.data(id, message(id), true)]);
  const again = Uint8Array.of(0x83, 0x86, 0xbf, 0xbe); // the same by reference: entries 63 and 62
  service.say(open(1, indexed("/test.Echo/Unary")), open(3, again), open(5, again));
  service.say(open(7, indexed("/test.Echo/Chat")), open(9, again), open(11, again));
  assert.deepEqual(
    service.told,
    [1, 3, 5, 7, 9, 11].map((id) => `${id} ${id < 7 ? UNARY : CHAT} [${id}] last`),
  );
});
