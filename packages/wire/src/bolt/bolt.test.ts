import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compare, concat } from "../bytes.ts";
import { encodeUtf8 } from "../utf8.ts";
import { BoltError } from "./format.ts";
import { BoltReader, type BoltSource } from "./reader.ts";
import { type BoltBucket, type BoltRow, planBolt, writeBolt } from "./writer.ts";

function bucketOf(name: string, rows: readonly BoltRow[]): BoltBucket {
  return {
    name: encodeUtf8(name),
    rows: () => rows,
    lengths: () => rows.map(({ key, value }) => ({ keyLength: key.length, valueLength: value.length })),
  };
}

function fileOf(...buckets: BoltBucket[]): Uint8Array {
  const steps = planBolt(buckets);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const file = concat([...writeBolt(step.value)]);
  assert.equal(file.length, step.value.size, "the plan says how long the file will be");
  return file;
}

function sourceOf(file: Uint8Array): BoltSource {
  return { size: file.length, read: (offset, length) => file.subarray(offset, offset + length) };
}

function read(file: Uint8Array): { buckets: string[]; rows: { bucket: string; key: Uint8Array; value: Uint8Array }[] } {
  const buckets: string[] = [];
  const textOf = (path: readonly Uint8Array[]): string => path.map((name) => String.fromCharCode(...name)).join("/");
  const rows = [...new BoltReader(sourceOf(file)).rows((path) => void buckets.push(textOf(path)))].map(
    ({ path, key, value }) => ({ bucket: textOf(path), key: Uint8Array.from(key), value: Uint8Array.from(value) }),
  );
  return { buckets, rows };
}

function numbered(count: number, valueLength: number): BoltRow[] {
  return Array.from({ length: count }, (_, i) => {
    const key = new Uint8Array(17);
    new DataView(key.buffer).setUint32(4, i);
    return { key, value: new Uint8Array(valueLength).fill(i) };
  });
}

test("what was written is read back: many rows, none, and a value of several pages", () => {
  const many = numbered(20_000, 60);
  const large = [{ key: encodeUtf8("large"), value: new Uint8Array(100_000).fill(7) }];
  const { buckets, rows } = read(fileOf(bucketOf("empty", []), bucketOf("key", many), bucketOf("meta", large)));
  assert.deepEqual(buckets, ["empty", "key", "meta"]);
  const expected = [
    ...many.map((row) => ({ bucket: "key", ...row })),
    ...large.map((row) => ({ bucket: "meta", ...row })),
  ];
  assert.deepEqual(rows, expected);
});

test("any rows, however long, come back", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3_000 });
  fc.assert(
    fc.property(fc.uniqueArray(bytes, { maxLength: 60, selector: String }), fc.nat(9_000), (keys, valueLength) => {
      const rows = keys.sort(compare).map((key) => ({ key, value: new Uint8Array(valueLength).fill(key[0]!) }));
      assert.deepEqual(
        read(fileOf(bucketOf("b", rows))).rows,
        rows.map((row) => ({ bucket: "b", key: Uint8Array.from(row.key), value: row.value })),
      );
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("a large file leaves page by page, while its rows come", () => {
  const row = numbered(1, 3_000)[0]!;
  let made = 0;
  const view = new DataView(row.key.buffer);
  function* rows(): Generator<BoltRow> {
    for (made = 0; made < 20_000; made += 1) {
      view.setUint32(4, made);
      yield row;
    }
  }
  function* lengths(): Generator<{ keyLength: number; valueLength: number }> {
    for (let i = 0; i < 20_000; i += 1) yield { keyLength: 17, valueLength: 3_000 };
  }
  const steps = planBolt([{ name: encodeUtf8("key"), rows, lengths }]);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  let size = 0;
  for (const page of writeBolt(step.value)) {
    assert.ok(made - size / 4096 < 500, "a page leaves as soon as it is full");
    size += page.length;
  }
  assert.equal(size, step.value.size);
});

test("what is no bbolt file is said to be none, and a short one to be short", () => {
  const codeOf = (file: Uint8Array): string => {
    try {
      read(file);
      return "read";
    } catch (error) {
      assert.ok(error instanceof BoltError);
      return error.code;
    }
  };
  const file = fileOf(bucketOf("key", numbered(500, 40)));
  assert.equal(codeOf(new Uint8Array(0)), "notBolt");
  assert.equal(codeOf(new Uint8Array(100_000)), "notBolt");
  assert.equal(codeOf(file.subarray(0, file.length - 1)), "truncated");
  assert.equal(codeOf(concat([file, new Uint8Array(32)])), "read", "a checksum may follow");
  const oneMeta = file.slice();
  oneMeta[40] = 0xff;
  assert.equal(codeOf(oneMeta), "read", "the other meta page counts");
  oneMeta[4096 + 40] = 0xff;
  assert.equal(codeOf(oneMeta), "notBolt");
  const wrongId = file.slice();
  wrongId[3 * 4096] = 5;
  assert.equal(codeOf(wrongId), "corrupt");
});

test("two parents of one page, and a page that is its own parent, are noticed", () => {
  const file = fileOf(bucketOf("key", numbered(500, 40)));
  const branch = [...Array(file.length / 4096).keys()].find((page) => page > 2 && file[page * 4096 + 8] === 1)!;
  for (const target of [3, branch]) {
    const looped = file.slice();
    new DataView(looped.buffer).setUint32(branch * 4096 + 16 + 16 + 8, target, true);
    assert.throws(() => read(looped), /referred to twice/);
  }
});

test("no damage makes a reader hang or fail in another way than by saying so", () => {
  const file = fileOf(bucketOf("a", numbered(40, 10)), bucketOf("key", numbered(3_000, 30)));
  const where = fc.oneof(
    fc.nat(file.length - 1),
    fc.nat(file.length / 4096 - 1).chain((p) => fc.nat(80).map((o) => p * 4096 + o)),
  );
  const flips = fc.array(fc.tuple(where, fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(flips, fc.nat(file.length), fc.boolean(), (bytes, end, cut) => {
      const damaged = file.slice(0, cut ? end : file.length);
      for (const [at, byte] of bytes) if (at < damaged.length) damaged[at] = byte;
      try {
        read(damaged);
      } catch (error) {
        assert.ok(error instanceof BoltError, String(error));
      }
    }),
    { seed: 3, numRuns: 400 },
  );
});
