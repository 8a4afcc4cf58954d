import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
import { Repeats } from "./repeats.ts";
import { DescriptorSink } from "./sink.ts";

const NOON = Date.UTC(2026, 0, 2, 12, 3, 4, 512);

function recorded(options: LoggerOptions = {}): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const sink = { write: (text: string) => lines.push(text), flush: () => undefined };
  return { log: createLogger({ node: "n1", clock: () => NOON, sink, ...options }), lines };
}

test("a human line: time, node, level, sentence, fields", () => {
  const { log, lines } = recorded();
  log.info("became leader in term 4");
  log.with({ group: 2 }).warn("disk is slow", { file: "wal 7", seconds: 0.5, big: 7n });
  assert.deepEqual(lines, [
    "12:03:04.512 n1 info  became leader in term 4\n",
    '12:03:04.512 n1 warn  disk is slow  group=2 file="wal 7" seconds=0.5 big=7\n',
  ]);
});

test("a JSON line holds the same, and a field never takes the place of the message", () => {
  const { log, lines } = recorded({ format: "json" });
  log.error("lost it", { message: "fake", level: "fake", term: 4, from: undefined });
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "2026-01-02T12:03:04.512Z",
    level: "error",
    node: "n1",
    message: "lost it",
    term: 4,
  });
  assert.equal(lines[0]?.match(/\n/g)?.length, 1);
});

test("lines below the level are not written", () => {
  const { log, lines } = recorded({ level: "warn" });
  log.debug("a");
  log.info("b");
  log.warn("c");
  assert.equal(lines.length, 1);
});

test("values of secret fields never appear, at any depth, in either format", () => {
  for (const format of ["human", "json"] as const) {
    const { log, lines } = recorded({ format });
    log.info("signed in", {
      password: "hunter2",
      authToken: "hunter2",
      Authorization: "hunter2",
      api_key: "hunter2",
      request: { user: "ann", headers: [{ cookie: "hunter2" }] },
    });
    assert.ok(!lines.join().includes("hunter2"), lines.join());
    assert.ok(lines.join().includes("ann"));
    assert.equal(lines.join().match(/\[redacted\]/g)?.length, 5);
  }
});

test("no value makes it throw, and none can forge a line", () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  const hostile = {
    get boom(): never {
      throw new Error("no");
    },
  };
  for (const format of ["human", "json"] as const) {
    const { log, lines } = recorded({ format });
    log.info("forged\n12:00:00.000 n9 error fire", {
      "na\nme": "a\r\nb",
      loop,
      hostile,
      error: Object.assign(new Error("no room"), { code: "ENOSPC" }),
      bytes: new Uint8Array(9),
      nothing: null,
      symbol: Symbol("s"),
      infinite: Number.POSITIVE_INFINITY,
      long: "x".repeat(100_000),
    });
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.trimEnd().includes("\n"), false);
    assert.match(lines[0] ?? "", /no room \(ENOSPC\)/);
    assert.match(lines[0] ?? "", /<9 bytes>/);
    assert.ok((lines[0]?.length ?? 0) < 3000);
  }
});

test("a sink that throws does not reach the caller", () => {
  const broken = {
    write: () => {
      throw new Error("full");
    },
    flush: () => undefined,
  };
  createLogger({ sink: broken }).error("still here");
});

test("a storm of like lines is cut to ten and a count; other lines still pass", () => {
  let now = NOON;
  const { log, lines } = recorded({ clock: () => now, repeats: new Repeats(10_000, 10) });
  for (let i = 0; i < 130; i++) log.warn(`slow append of ${i} ms`);
  log.warn("another thing");
  assert.equal(lines.length, 11);
  now += 10_001;
  log.info("later");
  assert.equal(lines.length, 13);
  assert.match(lines[11] ?? "", /warn {2}… 120 more like this in 10 s: slow append of 129 ms/);
  log.warn("slow append of 1 ms");
  assert.match(lines[13] ?? "", /slow append of 1 ms/);
});

test("flush tells the counts that are still held back", () => {
  const { log, lines } = recorded();
  for (let i = 0; i < 12; i++) log.info("again");
  log.flush();
  assert.match(lines.at(-1) ?? "", /… 2 more like this/);
});

test("too many kinds of lines are not remembered, and all are written", () => {
  const { log, lines } = recorded();
  const name = (i: number): string => String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26));
  for (let i = 0; i < 600; i++) log.info(`kind ${name(i)}`);
  assert.equal(lines.length, 600);
});

test("the lines of one turn reach the file in one go, and a dead descriptor is survived", async () => {
  const folder = mkdtempSync(join(tmpdir(), "synod-log-"));
  try {
    const path = join(folder, "log");
    const fd = openSync(path, "w");
    const sink = new DescriptorSink(fd);
    sink.write("one\n");
    sink.write("zwei ü\n");
    assert.equal(readFileSync(path, "utf8"), "");
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(readFileSync(path, "utf8"), "one\nzwei ü\n");
    sink.write("x".repeat(70_000)); // too much to hold
    assert.equal(readFileSync(path, "utf8").length, 70_011);
    closeSync(fd);
    sink.write("lost");
    sink.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
