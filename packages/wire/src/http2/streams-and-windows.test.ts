/** RFC 9113 from the server's side: the life of streams, and flow control in both directions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as frames from "./frames.ts";
import { Setting } from "./frames.ts";
import { codeOf, RecordingServer, started } from "./recording-server.ts";
import { REQUEST, type SeenFrame, script } from "./scripted-peer.ts";
import { DEFAULT_HTTP2_LIMITS } from "./server-connection.ts";
import type { Stream } from "./stream.ts";

const { DATA, GOAWAY, HEADERS, PING, WINDOW_UPDATE } = frames;

test("streams above the limit are refused, and can be opened when others have ended", () => {
  const server = started({ ...DEFAULT_HTTP2_LIMITS, concurrentStreams: 2 });
  const [refusal] = server.say(
    script.headers(1, REQUEST, true),
    script.headers(3),
    script.headers(5),
    script.data(5, [1]),
  );
  assert.deepEqual([refusal?.stream, codeOf(refusal)], [5, "REFUSED_STREAM"]);
  server.answer(1, new Uint8Array(1));
  server.say(script.headers(7));
  assert.equal(server.told.at(-1), "7 POST /test.Echo/Unary");
});

test("frames under way to a stream that we ended are ignored, those to one that the client ended are not", () => {
  const server = started();
  server.say(script.headers(1));
  server.answer(1, new Uint8Array(3));
  assert.equal(codeOf(server.answers().at(-1)), "NO_ERROR"); // we answered early: stop sending
  assert.deepEqual(server.say(script.data(1, [1, 2]), script.headers(1, [["a", "b"]], true)), []);
  server.say(script.headers(3, REQUEST, true));
  server.answer(3, new Uint8Array(3));
  server.answers();
  assert.equal(codeOf(server.say(script.data(3, [1]))[0]), "STREAM_CLOSED");
  assert.deepEqual(server.say(script.reset(3), script.windowUpdate(3, 1)), []);
  assert.equal(codeOf(server.say(script.headers(3))[0]), "STREAM_CLOSED");
  assert.equal(server.connection.closed, true);
});

test("content comes in as fast as windows allow, and few WINDOW_UPDATEs do", () => {
  const server = started({ ...DEFAULT_HTTP2_LIMITS, streamWindow: 100_000, connectionWindow: 200_000 });
  server.say(script.headers(1));
  let updates = 0;
  for (let i = 0; i < 1000; i++) {
    updates += server.say(script.data(1, new Uint8Array(10_000))).length;
  }
  assert.equal(server.content, 10_000_000);
  assert.ok(updates <= 300, `${updates} updates for 1000 frames`);
});

test("content beyond the windows is an error (§6.9.1)", () => {
  const limits = { ...DEFAULT_HTTP2_LIMITS, streamWindow: 20_000, connectionWindow: 65_535 };
  const stream = started(limits);
  const chunk = new Uint8Array(9000);
  // More than half of the window in one frame is given back at once, so only a frame above the window can exceed it.
  const small = started({ ...limits, streamWindow: 8000 });
  assert.equal(codeOf(small.say(script.headers(1), script.data(1, chunk))[0]), "FLOW_CONTROL_ERROR");
  assert.equal(small.connection.closed, false);
  assert.equal(stream.say(script.headers(1), script.data(1, chunk), script.data(1, chunk)).at(-1)?.type, WINDOW_UPDATE);
  const connection = started({ ...limits, connectionWindow: 8000 });
  assert.equal(codeOf(connection.say(script.headers(1), script.data(1, chunk))[0]), "FLOW_CONTROL_ERROR");
  assert.equal(connection.connection.closed, true);
});

test("an answer waits for the stream's window and the connection's, and ends with its trailers", () => {
  const server = new RecordingServer();
  server.say(script.hello([Setting.INITIAL_WINDOW_SIZE, 0]), script.headers(1, REQUEST, true));
  server.answer(1, new Uint8Array(100_000));
  const sizes = (answers: SeenFrame[]): string[] =>
    answers.map(({ type, payload }) => (type === HEADERS ? "headers" : type === DATA ? `${payload.length}` : "other"));
  assert.deepEqual(sizes(server.answers()), ["headers"]);
  assert.deepEqual(sizes(server.say(script.windowUpdate(1, 10))), ["10"]);
  assert.deepEqual(sizes(server.say(script.settings([Setting.INITIAL_WINDOW_SIZE, 20_000]))), [
    "other",
    "16384",
    "3616",
  ]);
  // The window of the stream may sink below zero, and nothing is sent until it is positive again (§6.9.2).
  assert.deepEqual(sizes(server.say(script.settings([Setting.INITIAL_WINDOW_SIZE, 19_990]))), ["other"]);
  assert.deepEqual(sizes(server.say(script.windowUpdate(1, 10))), []);
  assert.deepEqual(sizes(server.say(script.windowUpdate(1, 100_000))), ["16384", "16384", "12757"]);
  assert.deepEqual(sizes(server.say(script.windowUpdate(0, 100_000))), ["16384", "16384", "1697", "headers"]);
  assert.equal(server.connection.streams.size, 0);
  assert.equal(server.connection.sender.queuedBytes, 0);
});

test("streams share the connection's window frame by frame", () => {
  const server = new RecordingServer();
  const ids = [1, 3, 5];
  server.say(script.hello([Setting.INITIAL_WINDOW_SIZE, 1 << 20]));
  server.say(...ids.map((id) => script.headers(id, REQUEST, true)));
  server.connection.sender.congested = true;
  for (const id of ids) server.answer(id, new Uint8Array(40_000));
  server.answers();
  server.connection.setCongested(false);
  const streams = server.answers().map(({ stream }) => stream);
  assert.deepEqual(streams, [1, 3, 5, 1]);
});

test("a stream whose window was taken away does not stand in the way of another", () => {
  const server = new RecordingServer();
  server.say(script.hello(), script.headers(1, REQUEST, true), script.headers(3, REQUEST, true));
  server.connection.setCongested(true);
  server.answer(1, new Uint8Array(10));
  server.answer(3, new Uint8Array(10));
  server.say(script.windowUpdate(3, 100), script.settings([Setting.INITIAL_WINDOW_SIZE, 0]));
  server.connection.setCongested(false);
  assert.deepEqual(
    server.answers().map(({ type, stream }) => [type, stream]),
    [
      [DATA, 3],
      [HEADERS, 3],
    ],
  );
  assert.equal(server.say(script.settings([Setting.INITIAL_WINDOW_SIZE, 10])).at(-1)?.stream, 1);
  assert.equal(server.connection.streams.size, 0);
});

test("while the socket is congested nothing but control frames grows", () => {
  const server = started();
  server.say(script.headers(1, REQUEST, true));
  server.connection.setCongested(true);
  server.answer(1, new Uint8Array(1000));
  assert.deepEqual(
    server.answers().map(({ type }) => type),
    [HEADERS],
  );
  server.connection.setCongested(false);
  assert.deepEqual(
    server.answers().map(({ type }) => type),
    [DATA, HEADERS],
  );
});

test("a reset by the client reaches the layer above once, and takes what was queued with it", () => {
  const server = new RecordingServer();
  server.say(script.hello([Setting.INITIAL_WINDOW_SIZE, 0]), script.headers(1, REQUEST, true));
  const stream = server.connection.streams.get(1) as Stream;
  assert.equal(server.connection.sender.data(stream, new Uint8Array(500)), 500);
  server.say(script.reset(1), script.reset(1));
  assert.deepEqual(server.told.slice(1), ["1 reset"]);
  assert.equal(server.connection.sender.queuedBytes, 0);
  server.connection.disconnect();
  assert.deepEqual(server.told.slice(1), ["1 reset"]);
});

test("a shutdown lets streams under way in, ends them, refuses later ones, then closes (§6.8)", () => {
  const server = started();
  server.say(script.headers(1, REQUEST, true));
  server.connection.shutdown();
  const [goaway, ping] = server.answers();
  assert.deepEqual([goaway?.type, codeOf(goaway), ping?.type], [GOAWAY, "NO_ERROR", PING]);
  server.say(script.headers(3, REQUEST, true));
  const [last] = server.say(script.ping([...(ping?.payload ?? [])], frames.ACK), script.headers(5, REQUEST, true));
  assert.equal(frames.uint31(last?.payload ?? new Uint8Array(8), 0), 3);
  assert.deepEqual(server.told, ["1 POST /test.Echo/Unary last", "3 POST /test.Echo/Unary last"]);
  server.answer(1, new Uint8Array(1));
  assert.equal(server.connection.closed, false);
  server.answer(3, new Uint8Array(1));
  assert.equal(server.connection.closed, true);
});

test("a client that says GOAWAY gets its answers before the connection closes", () => {
  const server = started();
  server.say(script.headers(1, REQUEST, true), script.frame(GOAWAY, 0, 0, new Uint8Array(8)));
  assert.equal(server.connection.closed, false);
  server.answer(1, new Uint8Array(1));
  assert.equal(server.connection.closed, true);
  assert.equal(started().say(script.frame(GOAWAY, 0, 0, new Uint8Array(8))).length, 0);
});
