import assert from "node:assert/strict";
import { test } from "node:test";
import { RaftLog } from "@synod/protocols/raft/log";
import { EntryKind } from "@synod/protocols/raft/types";
import type { StateMachine } from "../group.ts";
import { Applied } from "./applying.ts";
import { BatchBuilder, stamp } from "./batch.ts";
import { Requests } from "./requests.ts";

/** Remembers how long its commands were. */
class Lengths implements StateMachine<number> {
  readonly seen: number[] = [];

  apply(_index: number, _time: number, command: Uint8Array): number {
    return this.seen.push(command.length);
  }

  *snapshot(): Generator<Uint8Array> {}

  restore(): void {}

  hash(): number {
    return 0;
  }
}

test("of very much that is committed a piece is applied at a time, in order and to its end", () => {
  const builder = new BatchBuilder(2, 7);
  const log = new RaftLog();
  const lengths = [10 << 20, 3, 9 << 20, 5, 2];
  for (const [i, length] of lengths.entries()) {
    builder.add(i + 1, new Uint8Array(length));
    const payloads = [stamp(builder.take().bytes, i)];
    log.append({ first: i + 1, terms: [1], kinds: [EntryKind.command], payloads, encoded: undefined });
  }
  const machine = new Lengths();
  const applied = new Applied(machine, { self: 1, incarnation: 1 }, new Requests(16), 1024);
  applied.applyUpTo(5, log);
  assert.equal(applied.index, 3);
  applied.applyUpTo(5, log);
  assert.equal(applied.index, 5);
  assert.deepEqual(machine.seen, lengths);
});
