/** gRPC over HTTP/2 as a client sees it, frame by frame: messages, streams and their limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "../bytes.ts";
import * as frames from "../http2/frames.ts";
import type { FieldToSend } from "../http2/hpack/encoder.ts";
import { REQUEST, type SeenFrame, script } from "../http2/scripted-peer.ts";
import { ProtobufReader } from "../protobuf.ts";
import { GrpcCallCounts } from "./call-counts.ts";
import { CHAT, CHAT_REQUEST, message, RecordingService, status, UNARY } from "./recording-service.ts";
import { DEFAULT_GRPC_LIMITS } from "./server-connection.ts";

test("a unary call costs three frames and leaves nothing behind", () => {
  const service = new RecordingService();
  assert.deepEqual(service.say(script.headers(1), script.data(1, message(7, 8), true)), []);
  assert.deepEqual(service.told, ["1 0 [7,8] last"]);
  service.connection.respond(1, Uint8Array.of(9));
  const [headers, data, trailers, ...none] = service.answers();
  assert.deepEqual(headers?.fields, [":status: 200", "content-type: application/grpc"]);
  assert.deepEqual(data?.payload, message(9));
  assert.deepEqual(trailers?.fields, ["grpc-status: 0"]);
  assert.deepEqual([headers?.flags, data?.flags, trailers?.flags], [frames.END_HEADERS, 0, 5]);
  assert.deepEqual(none, []);
  assert.equal(service.connection.streams, 0);
  service.connection.respond(1, Uint8Array.of(9)); // a second answer goes nowhere
  assert.deepEqual(service.answers(), []);
});

test("a unary request is handed on when the client has half-closed, however it does that", () => {
  const service = new RecordingService();
  service.say(script.headers(1), script.data(1, message(1)));
  assert.deepEqual(service.told, []);
  service.say(script.data(1, [], true));
  service.say(script.headers(3), script.data(3, message(3)), script.headers(3, [["x", "y"]], true));
  assert.deepEqual(service.told, ["1 0 [1] last", "3 0 [3] last"]);
});

test("messages arrive whole however their octets are cut into frames and chunks", () => {
  const sent = [[], [1], [1, 2, 3], new Array<number>(300).fill(4), [5]];
  const content = concat(
    sent.map((each) => concat([Uint8Array.of(0, 0, 0, each.length >> 8, each.length & 255), Uint8Array.from(each)])),
  );
  const expected = ["1 1 []", "1 1 [1]", "1 1 [1,2,3]", "1 1 [300]", "1 1 [5] last"];
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sizes, sizes, (frameSizes, chunkSizes) => {
      const service = new RecordingService();
      const parts = [script.headers(1, CHAT_REQUEST)];
      for (let at = 0, i = 0; at < content.length; i++) {
        const end = Math.min(content.length, at + (frameSizes[i % frameSizes.length] as number));
        parts.push(script.data(1, content.subarray(at, end), end === content.length));
        at = end;
      }
      const whole = concat(parts);
      for (let at = 0, i = 0; at < whole.length; i++) {
        const end = at + (chunkSizes[i % chunkSizes.length] as number);
        service.connection.receive(whole.slice(at, end), 0);
        at = end;
      }
      assert.deepEqual(service.told, expected);
    }),
    { seed: 9, numRuns: 300 },
  );
});

test("a stream goes both ways, and half-closes on its own", () => {
  const service = new RecordingService();
  service.say(script.headers(1, CHAT_REQUEST), script.data(1, concat([message(1), message(2)])));
  assert.equal(service.connection.send(1, Uint8Array.of(3)), 0);
  assert.deepEqual(
    service.answers().map(({ type }) => type),
    [frames.HEADERS, frames.DATA],
  );
  service.say(script.data(1, [], true));
  assert.deepEqual(service.told, ["1 1 [1]", "1 1 [2]", "1 1 half-closed"]);
  service.connection.send(1, Uint8Array.of(4));
  service.connection.finish(1, 0, "");
  const [data, trailers] = service.answers();
  assert.deepEqual(data?.payload, message(4));
  assert.equal(status([trailers as SeenFrame]), "0");
});

test("a message is encoded where it is sent from, whatever its size", () => {
  const service = new RecordingService(DEFAULT_GRPC_LIMITS, [[frames.Setting.INITIAL_WINDOW_SIZE, 1 << 20]]);
  service.say(script.windowUpdate(0, 1 << 20));
  for (const [i, size] of [0, 10, 600, 5000, 16_000, 17_000, 200_000].entries()) {
    const stream = 2 * i + 1;
    service.say(script.headers(stream), script.data(stream, message(), true));
    const writer = service.connection.begin(stream);
    writer.varint(1, 42);
    writer.bytes(2, new Uint8Array(size).fill(i));
    service.connection.endResponse();
    const answers = service.answers();
    const body = concat(answers.filter(({ type }) => type === frames.DATA).map(({ payload }) => payload));
    assert.equal(frames.uint32(body, 1), body.length - 5);
    const reader = new ProtobufReader(body, 5);
    assert.equal(reader.next() && reader.uint64(), 42);
    if (size > 0) assert.deepEqual(reader.next() && reader.bytes(), new Uint8Array(size).fill(i));
    assert.equal(status(answers), "200 0");
  }
  assert.equal(service.connection.streams, 0);
});

test("a message encoded for a call that has ended goes nowhere", () => {
  const service = new RecordingService();
  service.connection.begin(7).varint(1, 1);
  service.connection.endResponse();
  assert.equal(service.connection.endMessage(), 0);
  assert.deepEqual(service.answers(), []);
});

test("writing in the middle of a message that is being encoded is a bug, and said so", () => {
  const service = new RecordingService();
  service.say(...[1, 3].flatMap((id) => [script.headers(id), script.data(id, message(), true)]));
  service.connection.begin(1);
  service.connection.respond(3, new Uint8Array(1));
  assert.throws(() => service.connection.endResponse(), /between begin and end/);
});

test("a stalled client makes a stream queue, say how much, and call back when it has left", () => {
  const service = new RecordingService(DEFAULT_GRPC_LIMITS, [[frames.Setting.INITIAL_WINDOW_SIZE, 20]]);
  service.say(script.headers(1, CHAT_REQUEST), script.data(1, message(1)));
  assert.equal(service.connection.send(1, new Uint8Array(10)), 0);
  assert.equal(service.connection.send(1, new Uint8Array(10)), 10);
  service.connection.begin(1).varint(1, 5);
  assert.equal(service.connection.endMessage(), 17);
  service.say(script.windowUpdate(1, 16));
  assert.deepEqual(service.told, ["1 1 [1]"]);
  service.say(script.windowUpdate(1, 1));
  assert.deepEqual(service.told, ["1 1 [1]", "1 writable"]);
  service.connection.send(1, new Uint8Array(10));
  service.connection.finish(1, 5, "gone");
  assert.deepEqual(service.answers(), []);
  assert.equal(status(service.say(script.windowUpdate(1, 100))), "5 gone");
  assert.deepEqual(service.told.slice(2), [], "a finished call is not called back");
});

test("responses that nobody reads are bounded: the call above the limit is given up", () => {
  const limits = { ...DEFAULT_GRPC_LIMITS, queued: 10_000 };
  const service = new RecordingService(limits, [[frames.Setting.INITIAL_WINDOW_SIZE, 0]]);
  for (let id = 1; id < 400; id += 2) {
    service.say(script.headers(id), script.data(id, message(), true));
    service.connection.respond(id, new Uint8Array(1000));
  }
  assert.equal(service.told.filter((each) => each.endsWith("cancelled")).length, 190);
  assert.equal(service.connection.streams, 10);
});

test("requests that never end are bounded too", () => {
  const service = new RecordingService({ ...DEFAULT_GRPC_LIMITS, held: 100_000 });
  let refused = 0;
  for (let id = 1; id < 200; id += 2) {
    const cut = concat([Uint8Array.of(0, 0, 0, 0x20, 0), new Uint8Array(5000)]);
    const whole = concat([Uint8Array.of(0, 0, 0, 0x13, 0x88), new Uint8Array(5000)]);
    const answers = service.say(script.headers(id), script.data(id, id % 4 === 1 ? cut : whole));
    if (status(answers) === "200 8 too many unfinished requests on this connection") refused++;
  }
  assert.ok(refused >= 80, `${refused}`);
  // What is given up is forgotten, so that others have room again.
  service.connection.disconnect();
  assert.equal(service.connection.streams, 0);
});

test("what a cut message holds follows what has arrived of it, not what its prefix announces", () => {
  const service = new RecordingService({ ...DEFAULT_GRPC_LIMITS, held: 20_000 });
  const cut = (id: number, arrived: number): string =>
    status(service.say(script.headers(id), script.data(id, [0, 0, 0x20, 0, 0, ...new Uint8Array(arrived)])));
  for (const id of [1, 3, 5, 7]) assert.equal(cut(id, 10), "", "two mebibytes announced, ten octets sent");
  assert.equal(cut(9, 10), "200 8 too many unfinished requests on this connection");
});

test("a message above the limit is refused by its prefix alone", () => {
  const service = new RecordingService();
  const whole = script.data(1, [0, 0, 0x20, 0, 1, 7]);
  const expected = "200 8 grpc: received message larger than max (2097153 vs. 2097152)";
  assert.equal(status(service.say(script.headers(1), whole)), expected);
  const answers = service.say(script.headers(3), script.data(3, [0, 0, 0x20]), script.data(3, [0, 1]));
  assert.equal(status(answers), expected);
  assert.equal(answers.at(-1)?.type, frames.RST_STREAM, "the client is asked to stop sending");
  assert.equal(status(service.say(script.headers(5), script.data(5, [0, 255, 255, 255, 255]))).slice(0, 5), "200 8");
  assert.deepEqual(service.told, []);
});

test("compressed messages are refused as the compression document says", () => {
  const service = new RecordingService();
  const compressed = (id: number, fields: FieldToSend[]): SeenFrame[] =>
    service.say(script.headers(id, [...REQUEST, ...fields]), script.data(id, [1, 0, 0, 0, 1, 7], true));
  const gzip = compressed(1, [["grpc-encoding", "gzip"]]);
  assert.equal(status(gzip), '200 12 grpc: Decompressor is not installed for grpc-encoding "gzip"');
  assert.ok(gzip[0]?.fields.includes("grpc-accept-encoding: identity"));
  assert.match(status(compressed(3, [])), /^200 13 grpc: compressed flag set with identity/);
});

test("a unary request has exactly one message", () => {
  const service = new RecordingService();
  assert.match(status(service.say(script.headers(1), script.data(1, [], true))), /^200 13 received no message/);
  assert.match(status(service.say(script.headers(3, REQUEST, true))), /^200 13 received no message/);
  const two = concat([message(1), message(2)]);
  assert.match(status(service.say(script.headers(5), script.data(5, two, true))), /^200 13 received more than one/);
  assert.match(
    status(service.say(script.headers(7), script.data(7, [0, 0, 0, 0, 9, 1], true))),
    /^200 13 unexpected EOF/,
  );
  assert.deepEqual(service.told, []);
});

test("a cancelled call, and every call of a dead connection, is reported once", () => {
  const service = new RecordingService();
  service.say(
    script.headers(1, CHAT_REQUEST),
    script.headers(3, CHAT_REQUEST),
    script.headers(5),
    script.data(5, message(), true),
  );
  service.say(script.reset(1));
  service.connection.disconnect();
  service.connection.disconnect();
  assert.deepEqual(service.told, ["5 0 [] last", "1 1 cancelled", "3 1 cancelled", "5 0 cancelled"]);
  assert.equal(service.connection.closed, true);
  assert.equal(service.connection.send(3, new Uint8Array(1)), 0);
  assert.deepEqual(service.answers(), []);
});

const UNKNOWN_METHOD = REQUEST.map(
  ([name, value]): FieldToSend => [name, name === ":path" ? "/test.Echo/None" : value],
);

test("every call is counted once as begun and once as ended, however it ends", () => {
  const service = new RecordingService();
  const { connection } = service;
  const counts = new GrpcCallCounts(2);
  connection.counts = counts;
  service.say(script.headers(1), script.data(1, message(1), true));
  connection.respond(1, Uint8Array.of(1));
  connection.respond(1, Uint8Array.of(1)); // too late
  service.say(script.headers(3), script.data(3, message(1), true));
  connection.finish(3, 14, "no leader");
  service.say(script.headers(5, CHAT_REQUEST), script.data(5, message(1)));
  connection.send(5, Uint8Array.of(1));
  connection.finish(5, 0, "");
  service.say(script.headers(7, CHAT_REQUEST), script.reset(7));
  service.say(script.headers(9), script.data(9, [], true)); // a unary call without its message
  service.say(script.headers(11, UNKNOWN_METHOD), script.data(11, [], true)); // no method's
  service.say(script.headers(13, CHAT_REQUEST));
  connection.disconnect();
  assert.deepEqual([counts.started(UNARY), counts.started(CHAT)], [3, 3]);
  assert.deepEqual([counts.handled(UNARY, 0), counts.handled(UNARY, 14), counts.handled(UNARY, 13)], [1, 1, 1]);
  assert.deepEqual([counts.handled(CHAT, 0), counts.handled(CHAT, 1)], [1, 2]);
});
