/** Peers that flood, stall or speak nonsense lose their connection or nothing; they never cost memory or an exception. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "../bytes.ts";
import * as frames from "./frames.ts";
import { ErrorCode } from "./frames.ts";
import { encodeHeaders } from "./hpack/encoder.ts";
import { REQUEST, SeenFrames, script } from "./scripted-peer.ts";
import { DEFAULT_HTTP2_LIMITS, Http2ServerConnection, type Http2ServerEvents } from "./server-connection.ts";
import { Stream } from "./stream.ts";

const SECOND = 1_000_000;

/** A server whose layer above answers nothing unless told to. */
function serve(events: Partial<Http2ServerEvents<Stream>> = {}): Http2ServerConnection<Stream> {
  const silent = { onRequest: () => {}, onData: () => {}, onReset: () => {}, onWritable: () => {} };
  const connection = new Http2ServerConnection<Stream>({ ...silent, ...events }, () => new Stream());
  connection.receive(script.hello(), 0);
  connection.output.take();
  return connection;
}

/** Repeats `next` until the connection closes. @returns its last words, the rounds and the most output of one round. */
function flood(next: (round: number) => Uint8Array, rounds = 20_000, events: Partial<Http2ServerEvents<Stream>> = {}) {
  const connection = serve(events);
  const seen = new SeenFrames();
  let code: number | undefined;
  let round = 0;
  let most = 0;
  for (; round < rounds && !connection.closed; round++) {
    connection.receive(next(round), 0);
    const output = connection.output.take() ?? new Uint8Array(0);
    most = Math.max(most, output.length);
    const last = seen.read(output).at(-1);
    if (last?.type === frames.GOAWAY) code = frames.uint32(last.payload, 4);
  }
  return { connection, code, round, most };
}

test("floods that cost their sender nothing end with ENHANCE_YOUR_CALM", () => {
  const block = encodeHeaders(REQUEST);
  const id = (round: number): number => 2 * round + 1;
  const floods: Record<string, (round: number) => Uint8Array> = {
    "PING (CVE-2019-9512)": () => script.ping(),
    "SETTINGS (CVE-2019-9515)": () => script.settings(),
    "empty DATA (CVE-2019-9518)": (round) => (round === 0 ? script.headers(1) : script.data(1, [])),
    "padding alone": (round) =>
      round === 0 ? script.headers(1) : script.frame(frames.DATA, frames.PADDED, 1, new Uint8Array(1)),
    "open and reset (CVE-2023-44487)": (round) => concat([script.headers(id(round)), script.reset(id(round))]),
    "malformed requests, reset by us": (round) => script.headers(id(round), [[":method", "POST"]]),
    "resets provoked by faults (CVE-2025-8671)": (round) =>
      concat([script.headers(id(round)), script.windowUpdate(id(round), 0)]),
    "content behind the end": (round) =>
      concat([script.headers(id(round), REQUEST, true), script.data(id(round), [1])]),
    "empty CONTINUATION (CVE-2024-27316)": (round) =>
      round === 0 ? script.frame(frames.HEADERS, 0, 1, block) : script.frame(frames.CONTINUATION, 0, 1),
    "large CONTINUATION": (round) =>
      script.frame(round === 0 ? frames.HEADERS : frames.CONTINUATION, 0, 1, new Uint8Array(16_000)),
    "streams beyond the limit": (round) => script.headers(id(round)),
    "DATA on a closed stream": (round) =>
      round === 0 ? concat([script.headers(1, REQUEST, true), script.reset(1)]) : script.data(1, [1]),
  };
  for (const [what, next] of Object.entries(floods)) {
    const { code, round } = flood(next);
    assert.equal(code, ErrorCode.ENHANCE_YOUR_CALM, `${what} after ${round} rounds`);
    assert.ok(round <= DEFAULT_HTTP2_LIMITS.concurrentStreams * 2 + 1100, what);
  }
});

test("floods that cost us nothing are let through: no output, no memory", () => {
  const harmless: Record<string, (round: number) => Uint8Array> = {
    PRIORITY: (round) => script.frame(frames.PRIORITY, 0, 2 * round + 1, [0, 0, 0, 0, 1]),
    WINDOW_UPDATE: (round) => (round === 0 ? script.headers(1) : script.windowUpdate(1, 1)),
    "unknown frames": () => script.frame(0xbe, 0xff, 0, new Uint8Array(100)),
  };
  for (const [what, next] of Object.entries(harmless)) {
    const { connection, most } = flood(next);
    assert.equal(connection.closed, false, what);
    assert.equal(most, 0, what);
    assert.ok(connection.streams.size <= 1, what);
  }
});

test("keep-alive PINGs and occasional resets may go on for ever", () => {
  const connection = serve();
  for (let second = 1; second <= 20_000; second++) {
    connection.receive(script.ping(), second * SECOND);
    connection.receive(concat([script.headers(2 * second - 1), script.reset(2 * second - 1)]), second * SECOND);
    connection.output.take();
  }
  assert.equal(connection.closed, false);
});

test("a client that works may also reset: finished requests pay for it", () => {
  const answered = {
    onRequest: (stream: Stream): void => {
      if (stream.remoteClosed) {
        connection.sender.trailers(stream, encodeHeaders([[":status", "200"]]));
        connection.finish(stream);
      }
    },
  };
  const connection: Http2ServerConnection<Stream> = serve(answered);
  for (let id = 1; id < 40_000; id += 4) {
    const parts = [script.headers(id, REQUEST, true), script.headers(id + 2), script.reset(id + 2)];
    connection.receive(concat(parts), 0);
    connection.output.take();
  }
  assert.equal(connection.closed, false);
});

test("random octets behind a good beginning end in a GOAWAY or are waited for", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (chunks) => {
      const connection = serve();
      for (const chunk of chunks) connection.receive(chunk, 0);
      const output = connection.output.take() ?? new Uint8Array(0);
      const types = new SeenFrames().read(output).map(({ type }) => type);
      assert.equal(connection.closed, types.includes(frames.GOAWAY));
    }),
    { seed: 7, numRuns: 1000 },
  );
});

test("good frames with octets changed, lost or repeated never throw, and never leave streams behind", () => {
  const good = [
    script.headers(1),
    script.data(1, [0, 0, 0, 0, 2, 1, 2], true),
    script.headers(3, [...REQUEST, ["content-length", "7"]]),
    script.frame(frames.DATA, frames.PADDED, 3, [2, 1, 2, 3, 0, 0]),
    script.frame(frames.HEADERS, 0, 5, encodeHeaders(REQUEST).subarray(0, 5)),
    script.frame(frames.CONTINUATION, frames.END_HEADERS, 5, encodeHeaders(REQUEST).subarray(5)),
    script.settings([frames.Setting.INITIAL_WINDOW_SIZE, 10]),
    script.windowUpdate(0, 1000),
    script.ping(),
    script.reset(1),
    script.frame(frames.GOAWAY, 0, 0, new Uint8Array(8)),
  ];
  const edit = fc.record({ at: fc.nat(400), value: fc.nat(255), kind: fc.constantFrom("set", "cut", "repeat") });
  fc.assert(
    fc.property(
      fc.shuffledSubarray(good),
      fc.array(edit, { maxLength: 4 }),
      fc.integer({ min: 1, max: 60 }),
      (parts, edits, size) => {
        let bytes = concat(parts);
        for (const { at, value, kind } of edits) {
          const where = bytes.length === 0 ? 0 : at % bytes.length;
          if (kind === "set") bytes[where] = value;
          else if (kind === "cut") bytes = concat([bytes.subarray(0, where), bytes.subarray(where + (value % 20))]);
          else bytes = concat([bytes.subarray(0, where), bytes.subarray(0, value)]);
        }
        const open = new Set<number>();
        const connection = serve({
          onRequest: (stream) => open.add(stream.id),
          onReset: (stream) => assert.ok(open.delete(stream.id), "told of each reset once"),
        });
        for (let from = 0; from < bytes.length; from += size) connection.receive(bytes.slice(from, from + size), 0);
        assert.equal(connection.streams.size, open.size);
        connection.disconnect();
        assert.equal(open.size, 0);
      },
    ),
    { seed: 8, numRuns: 2000 },
  );
});

test("thousands of stalled streams do not make the connection's window expensive", () => {
  const connection = serve();
  connection.receive(script.settings([frames.Setting.INITIAL_WINDOW_SIZE, 0]), 0);
  for (let id = 1; id < 8000; id += 2) connection.receive(script.headers(id, REQUEST, true), 0);
  for (const stream of connection.streams.values()) connection.sender.data(stream, new Uint8Array(100));
  connection.output.take();
  let visited = 0;
  const counted = connection.sender as unknown as { allowance: (stream: Stream) => number };
  const { allowance } = counted;
  counted.allowance = (stream) => {
    visited++;
    return allowance.call(connection.sender, stream);
  };
  const updates = concat(Array.from({ length: 1000 }, () => script.windowUpdate(0, 1)));
  connection.receive(updates, 0);
  assert.ok(visited <= 1000, `${visited} streams visited`);
  assert.equal(connection.output.pending, 0);
});
