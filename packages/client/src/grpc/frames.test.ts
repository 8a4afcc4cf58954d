import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deframer, frame } from "./frames.ts";

test("messages come out as they went in, wherever the stream is cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(20)), (sent, cuts) => {
      const got: number[][] = [];
      const deframer = new Deframer((message) => got.push([...message]), 100);
      let stream = Buffer.concat(sent.map((message) => frame(message)));
      for (const cut of cuts) {
        assert.equal(deframer.push(stream.subarray(0, cut)), undefined);
        stream = stream.subarray(cut);
      }
      assert.equal(deframer.push(stream), undefined);
      assert.deepEqual(
        got,
        sent.map((message) => [...message]),
      );
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a message beyond the limit and a compressed one are refused", () => {
  const refused = (bytes: Buffer): string | undefined => new Deframer(() => {}, 10).push(bytes);
  assert.match(refused(frame(new Uint8Array(11))) ?? "", /11 bytes is beyond the limit of 10/);
  assert.match(refused(Buffer.from([1, 0, 0, 0, 0])) ?? "", /compressed/);
});
