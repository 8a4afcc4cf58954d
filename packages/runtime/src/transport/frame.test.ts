import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeFrame,
  FrameReader,
  HEADER_BYTES,
  MAX_FIRST_FRAME_LENGTH,
  MAX_FRAME_LENGTH,
  writeHeader,
} from "./frame.ts";

interface Frame {
  group: number;
  kind: number;
  flags: number;
  body: Uint8Array;
}

const frames: fc.Arbitrary<Frame[]> = fc.array(
  fc.record(
    {
      group: fc.integer({ min: 0, max: 65_535 }),
      kind: fc.integer({ min: 0, max: 255 }),
      flags: fc.integer({ min: 0, max: 255 }),
      body: fc.uint8Array({ maxLength: 60 }),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 20 },
);

function joined(list: readonly Frame[]): Uint8Array {
  return Buffer.concat(list.map((frame) => encodeFrame(frame.group, frame.kind, frame.flags, frame.body)));
}

/** Reads `bytes` cut at the given places, each chunk in memory of its own. */
function read(bytes: Uint8Array, cuts: readonly number[]): { frames: Frame[]; problem: string | undefined } {
  const reader = new FrameReader();
  reader.limit = MAX_FRAME_LENGTH;
  const result: Frame[] = [];
  const sink = {
    frame(group: number, kind: number, flags: number, body: Uint8Array): boolean {
      result.push({ group, kind, flags, body });
      return true;
    },
  };
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) {
    const problem = reader.push(Uint8Array.from(bytes.subarray(edges[i - 1], edges[i])), sink);
    if (problem !== undefined) return { frames: result, problem };
  }
  return { frames: result, problem: undefined };
}

test("frames come out as they went in, wherever the stream is cut", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
      const received = read(joined(sent), cuts);
      assert.equal(received.problem, undefined);
      assert.deepEqual(received.frames, sent);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("a stream that arrives byte by byte is read too", () => {
  const sent = [1, 2, 3].map((kind) => ({ group: 700, kind, flags: 0, body: new Uint8Array(kind * 5).fill(kind) }));
  const bytes = joined(sent);
  assert.deepEqual(read(bytes, Array.from(bytes.keys())).frames, sent);
});

test("a frame shorter than its header or longer than allowed ends the stream, however it is cut", () => {
  for (const length of [0, 3, MAX_FRAME_LENGTH + 1, 0xffff_ffff]) {
    const bytes = new Uint8Array(HEADER_BYTES * 2);
    writeHeader(bytes, 0, 1, 1, 0, length - 4);
    for (const cut of [0, 3, 6, 8, 11])
      assert.match(read(bytes, [cut]).problem ?? "", new RegExp(`frame of ${length} bytes`));
  }
});

test("before the hello only a short frame is accepted", () => {
  const reader = new FrameReader();
  const sink = { frame: (): boolean => true };
  assert.equal(reader.push(encodeFrame(0, 1, 0, new Uint8Array(MAX_FIRST_FRAME_LENGTH - 4)), sink), undefined);
  assert.match(reader.push(encodeFrame(0, 1, 0, new Uint8Array(MAX_FIRST_FRAME_LENGTH)), sink) ?? "", /1028 bytes/);
});

test("a sink that says stop gets nothing more of the chunk", () => {
  const sent = [1, 2, 3].map((kind) => ({ group: 1, kind, flags: 0, body: new Uint8Array(2) }));
  const bytes = joined(sent);
  for (const cut of [0, 4, 12]) {
    const reader = new FrameReader();
    const kinds: number[] = [];
    const sink = {
      frame(_group: number, kind: number): boolean {
        kinds.push(kind);
        return kind < 2;
      },
    };
    reader.push(bytes.subarray(0, cut), sink);
    reader.push(bytes.subarray(cut), sink);
    assert.deepEqual(kinds, [1, 2]);
  }
});
