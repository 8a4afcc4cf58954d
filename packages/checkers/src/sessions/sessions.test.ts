import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import { reasonOf, type Verdict, type Violation } from "../verdict.ts";
import { isKeptByDefinition } from "./oracle.ts";
import type { SessionGuarantee } from "./rules.ts";
import { checkSessions } from "./sessions.ts";
import { randomSessions } from "./trials.ts";

let clock = 0;
function op(process: number, f: string, key: string, input: unknown, output: unknown): Operation {
  clock += 10;
  return { process, key, f, input, output, call: clock, return: clock + 5, outcome: "ok" };
}
/** With versions in the answers. */
const write = (process: number, key: string, version: number): Operation => op(process, "write", key, "v", { version });
const read = (process: number, key: string, version: number): Operation => op(process, "read", key, null, { version });
/** With nothing but unique values. */
const put = (process: number, key: string, value: number): Operation => op(process, "write", key, value, null);
const get = (process: number, key: string, value: number | null): Operation => op(process, "read", key, null, value);

function first(verdict: Verdict): Violation {
  assert.equal(verdict.type, "illegal", reasonOf(verdict));
  return (verdict as Verdict & { type: "illegal" }).violations[0];
}

/** Every guarantee: a history that breaks it and no other, and the twin that keeps it. */
const stories: readonly [SessionGuarantee, broken: History, kept: History][] = [
  ["read your writes", [write(1, "x", 5), read(1, "x", 4)], [write(1, "x", 5), read(1, "x", 6)]],
  ["read your writes", [put(1, "x", 5), get(1, "x", null)], [put(1, "x", 5), get(1, "x", 5)]],
  ["monotonic reads", [read(1, "x", 5), read(1, "x", 4)], [read(1, "x", 4), read(1, "x", 4), read(1, "x", 5)]],
  [
    "monotonic reads",
    [put(1, "x", 1), put(2, "x", 2), get(3, "x", 1), get(3, "x", 2), get(3, "x", 1)],
    [put(1, "x", 1), put(2, "x", 2), get(3, "x", 1), get(3, "x", 2), get(4, "x", 1)],
  ],
  ["monotonic writes", [write(1, "x", 5), write(1, "x", 4)], [write(1, "x", 4), write(1, "x", 5)]],
  [
    "monotonic writes",
    [write(1, "x", 5), write(1, "y", 1), read(2, "y", 1), read(2, "x", 4)],
    [write(1, "x", 5), write(1, "y", 1), read(2, "y", 1), read(2, "x", 5)],
  ],
  ["writes follow reads", [read(1, "x", 5), write(1, "x", 4)], [read(1, "x", 4), write(1, "x", 5)]],
  [
    "writes follow reads",
    [put(9, "x", 1), get(1, "x", 1), put(1, "y", 1), get(2, "y", 1), get(2, "x", null)],
    [put(9, "x", 1), get(1, "x", 1), put(1, "y", 1), get(2, "x", null), get(2, "y", 1)],
  ],
];

for (const [guarantee, broken, kept] of stories) {
  test(`${guarantee}: broken in ${broken.length} operations, kept by the twin`, () => {
    const violation = first(checkSessions(broken));
    assert.equal(violation.anomaly, guarantee);
    assert.match(violation.reason, /process \d's/);
    assert.equal(first(checkSessions(violation.operations)).anomaly, guarantee, "the part alone shows it");
    assert.equal(checkSessions(kept).type, "ok", reasonOf(checkSessions(kept)));
    const needed: SessionGuarantee[] = [guarantee, "monotonic reads"];
    const others = stories.map(([name]) => name).filter((name) => !needed.includes(name));
    assert.equal(checkSessions(broken, { guarantees: others }).type, "ok", "the other guarantees are kept");
  });
}

test("the sentence says what was older than what", () => {
  const { reason } = first(checkSessions([write(1, "x", 5), read(1, "x", 4)]));
  assert.match(
    reason,
    /^process 1's read of "x" → .* must show at least its process's own process 1's write .* version 4, older than 5\.$/,
  );
});

test("what keys ask of each other is only asked of a session with monotonic reads", () => {
  const history = [write(1, "x", 5), write(1, "y", 1), read(2, "y", 1), read(2, "x", 4)];
  assert.equal(checkSessions(history, { guarantees: ["monotonic writes"] }).type, "ok");
});

test("two writes are never the same version, and the newest of a process's own counts, not the last", () => {
  assert.equal(first(checkSessions([write(1, "x", 5), write(1, "x", 5)])).anomaly, "monotonic writes");
  const guarantees: SessionGuarantee[] = ["read your writes"];
  const backwards = [write(1, "x", 5), write(1, "x", 4), read(1, "x", 4)];
  assert.equal(first(checkSessions(backwards, { guarantees })).anomaly, "read your writes");
});

test("a swap that was refused and a delete that found nothing have written no version", () => {
  const refused = op(1, "cas", "x", null, { done: false, version: 4 });
  const nothing = op(1, "delete", "x", null, { version: 0 });
  assert.equal(checkSessions([read(1, "x", 5), refused, nothing]).type, "ok");
});

test("values that are not unique are not judged, unless the rest proves a fault", () => {
  const twice = [put(1, "x", 1), put(2, "x", 1), get(3, "x", 1)];
  assert.equal(checkSessions(twice).type, "unknown");
  assert.match(reasonOf(checkSessions([get(1, "x", 7)])), /nobody wrote the value 7 of "x"/);
  assert.equal(first(checkSessions([...twice, put(4, "y", 1), get(4, "y", null)])).anomaly, "read your writes");
});

test("rules agree with the definition on 2,000 small random histories, whatever was promised", () => {
  const all: SessionGuarantee[] = ["read your writes", "monotonic reads", "monotonic writes", "writes follow reads"];
  const seen = { ok: 0, illegal: 0, unknown: 0 };
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const history = randomSessions(seed);
    const guarantees = all.filter((_, index) => (seed >> index) % 2 === 1);
    const verdict = checkSessions(history, { guarantees });
    seen[verdict.type] += 1;
    const expected = isKeptByDefinition(history, new Set(guarantees)) ? "ok" : "illegal";
    assert.equal(verdict.type, expected, `seed ${seed}: ${guarantees} ${JSON.stringify(history)}`);
    if (verdict.type !== "illegal") continue;
    for (const { operations } of verdict.violations) {
      const whole = [
        ...operations,
        ...history
          .filter(({ f }) => f === "write")
          .filter((put) => !operations.includes(put))
          .map((put, process) => ({ ...put, process: 100 + process })),
      ];
      assert.ok(
        !isKeptByDefinition(
          whole.sort((a, b) => a.call - b.call),
          new Set(guarantees),
        ),
        `seed ${seed}: the part alone is possible`,
      );
    }
  }
  assert.ok(seen.ok > 300 && seen.illegal > 300 && seen.unknown === 0, JSON.stringify(seen));
});

test("versions and unique values come to the same where both are told", () => {
  let illegal = 0;
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const draw = random(seed);
    let version = 0;
    const history = Array.from({ length: 8 }, () => {
      const process = draw(3);
      if (draw(2) === 0) {
        version += 1;
        return op(process, "write", "x", version, { version });
      }
      return op(process, "read", "x", null, { version: Math.max(0, version - draw(3) * draw(2)) });
    });
    const numbered = checkSessions(history).type;
    const order = new Set<SessionGuarantee>([
      "read your writes",
      "monotonic reads",
      "monotonic writes",
      "writes follow reads",
    ]);
    const byVersion = history.map((operation) => {
      const { version: told } = operation.output as { version: number };
      return operation.f === "read" ? { ...operation, output: told } : operation;
    });
    const inOrder = byVersion.every((later, index) =>
      byVersion.slice(0, index).every((earlier) => {
        const rank = ({ f, input, output }: Operation): number => (f === "write" ? input : output) as number;
        return earlier.process !== later.process || rank(earlier) <= rank(later);
      }),
    );
    assert.equal(numbered, inOrder ? "ok" : "illegal", `seed ${seed}`);
    if (numbered === "ok") assert.ok(isKeptByDefinition(byVersion, order), `seed ${seed}: an order exists`);
    else illegal += 1;
  }
  assert.ok(illegal > 100);
});
