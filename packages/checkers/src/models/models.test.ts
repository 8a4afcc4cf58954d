import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../history.ts";
import { checkLinearizability } from "../linearizability.ts";
import type { Model } from "../model.ts";
import { reasonOf } from "../verdict.ts";
import { bank } from "./bank.ts";
import { counter } from "./counter.ts";
import { ledger } from "./ledger.ts";
import { lock } from "./lock.ts";
import { map, multiRegister } from "./map.ts";
import { MODELS } from "./named.ts";
import { queue } from "./queue.ts";
import { set } from "./set.ts";

type Step = readonly [process: number, f: string, input: unknown, output: unknown, key?: string];

/** One operation after the other, none at the same time. @returns "ok" or what is wrong. */
function told<State>(model: Model<State>, ...steps: readonly Step[]): string {
  const history = steps.map(([process, f, input, output, key = ""], index): Operation => {
    return { process, f, key, input, output, call: index * 10, return: index * 10 + 5, outcome: "ok" };
  });
  const verdict = checkLinearizability(history, model);
  return verdict.type === "ok" ? "ok" : reasonOf(verdict);
}

test("a queue gives back what came first, once, and nothing when it is empty", () => {
  const put: Step[] = [
    [1, "enqueue", "a", null],
    [1, "enqueue", "b", null],
  ];
  assert.equal(
    told(
      queue(),
      ...put,
      [2, "peek", null, "a"],
      [2, "dequeue", null, "a"],
      [3, "dequeue", null, "b"],
      [2, "dequeue", null, null],
    ),
    "ok",
  );
  assert.equal(
    told(queue(), ...put, [2, "dequeue", null, "b"]),
    'process 2 dequeued "b" (20..25), but by then the queue could only be ["a","b"]. ' +
      'Before it came process 1 enqueued "a" (0..5).',
  );
  assert.match(told(queue(), ...put, [2, "dequeue", null, "a"], [3, "dequeue", null, "a"]), /process 3 dequeued "a"/);
  assert.match(told(queue(), ...put, [2, "dequeue", null, null]), /found nothing to dequeue/);
});

test("a set has what was added and not removed, in any order", () => {
  const added: Step[] = [
    [1, "add", 1, null],
    [1, "add", "1", null],
  ];
  assert.equal(
    told(set(), ...added, [2, "read", null, ["1", 1]], [2, "contains", 1, true], [2, "contains", 2, false]),
    "ok",
  );
  assert.equal(told(set(), ...added, [1, "remove", 1, null], [2, "read", null, ["1"]]), "ok");
  assert.match(
    told(set(), ...added, [2, "read", null, [1]]),
    /process 2 read \{1\} .*the set could only be \{"1", 1\}/,
  );
  assert.match(told(set(), ...added, [2, "read", null, [1, 1, "1"]]), /could only be/, "an element twice");
});

test("a counter counts", () => {
  assert.equal(told(counter(), [1, "add", 5, null], [1, "decrement", null, null], [2, "read", null, 4]), "ok");
  assert.equal(told(counter(), [1, "add-and-get", 5, 5], [1, "increment", null, null], [2, "read", null, 6]), "ok");
  assert.equal(
    told(counter(), [1, "add", 5, null], [2, "read", null, 0]),
    "process 2 read 0 (10..15), but by then the counter could only be 5. Before it came process 1 added 5 (0..5).",
  );
});

test("a lock has one holder, and its tokens only grow", () => {
  assert.equal(
    told(lock(), [1, "acquire", null, { token: 3 }], [1, "release", null, true], [2, "acquire", null, { token: 4 }]),
    "ok",
  );
  assert.equal(
    told(lock(), [1, "acquire", "me", true], [2, "acquire", "you", false], [3, "release", "me", true]),
    "ok",
  );
  assert.match(
    told(lock(), [1, "acquire", null, true], [2, "acquire", null, true]),
    /process 2 acquired the lock \(10\.\.15\), but by then the lock could only be held by process 1/,
  );
  assert.match(
    told(lock(), [1, "acquire", null, true], [1, "acquire", null, true]),
    /acquired the lock/,
    "not re-entrant",
  );
  assert.match(
    told(lock(), [1, "acquire", null, 3], [1, "release", null, true], [2, "acquire", null, 3]),
    /with token 3/,
  );
  assert.match(told(lock(), [1, "acquire", null, true], [2, "release", null, true]), /process 2 released the lock/);
  const twice: Step[] = [1, 2].map((process) => [process, "acquire", null, true]);
  const released: Step = [1, "release", null, true];
  assert.match(
    told(lock(), twice[0] as Step, released, twice[1] as Step, released),
    /process 1 released the lock \(30/,
    "the same words of another process are another operation",
  );
  assert.match(told(lock(), [2, "acquire", null, false]), /was not let acquire the lock .* only be free/);
});

test("a bank neither makes nor loses money, and no account falls below zero", () => {
  const ten = { balances: { a: 10, b: 0 } };
  const move: Step = [1, "transfer", { from: "a", to: "b", amount: 7 }, true];
  assert.equal(told(bank(ten), move, [2, "read", null, { a: 3, b: 7 }]), "ok");
  assert.match(told(bank(ten), move, [2, "read", null, { a: 3, b: 0 }]), /the accounts could only be \{"a":3,"b":7\}/);
  assert.match(told(bank(ten), move, move), /process 1 moved 7 from a to b \(10\.\.15\)/);
  assert.equal(told(bank({ ...ten, overdraft: true }), move, move, [2, "read", null, { a: -4, b: 14 }]), "ok");
  const refused: Step = [1, "transfer", { from: "a", to: "b", amount: 7 }, false];
  assert.equal(told(bank(ten), move, refused), "ok");
  assert.match(told(bank(ten), refused), /could not move 7 from a to b/);
});

test("what a bank began with is what the first read implies", () => {
  const move: Step = [1, "transfer", { from: "a", to: "b", amount: 7 }, true];
  assert.equal(told(bank(), move, [2, "read", null, { a: 3, b: 7 }], [2, "read", null, { a: 3, b: 7 }]), "ok");
  assert.match(
    told(bank(), move, [2, "read", null, { a: 3, b: 6 }]),
    /read/,
    "b would have begun below zero: nobody refused, but nobody can own less",
  );
});

test("a ledger only grows, and keeps its order", () => {
  const wrote: Step[] = [
    [1, "append", "x", { index: 0 }],
    [1, "append", "y", null],
  ];
  assert.equal(
    told(ledger(), ...wrote, [2, "read", null, ["x", "y"]], [2, "length", null, 2], [2, "read", { from: 1 }, ["y"]]),
    "ok",
  );
  assert.match(
    told(ledger(), ...wrote, [2, "read", null, ["x"]]),
    /process 2 read \["x"\] .* the ledger could only be \["x","y"\]/,
  );
  assert.match(told(ledger(), ...wrote, [2, "append", "z", { index: 1 }]), /appended "z" as entry 1/);
});

test("a map's transactions and ranges see all keys at one instant", () => {
  const wrote: Step[] = [
    [1, "put", 1, null, "a"],
    [
      1,
      "txn",
      [
        ["w", "b", 2],
        ["r", "a", null],
      ],
      [
        ["w", "b", 2],
        ["r", "a", 1],
      ],
    ],
  ];
  assert.equal(
    told(
      map(),
      ...wrote,
      [
        2,
        "range",
        { from: "a", to: null },
        [
          ["a", 1],
          ["b", 2],
        ],
      ],
      [2, "range", { from: "a", to: "b" }, [["a", 1]]],
    ),
    "ok",
  );
  assert.match(
    told(map(), ...wrote, [2, "range", { from: "a", to: null }, [["a", 1]]]),
    /process 2 read \[\["a",1\]\] from "a" on/,
  );
  const listed: Step = [
    1,
    "txn",
    [
      ["append", "l", 1],
      ["r", "l", null],
    ],
    [
      ["append", "l", 1],
      ["r", "l", [1]],
    ],
  ];
  assert.equal(
    told(map(), listed, [2, "get", null, [1], "l"], [2, "delete", null, null, "l"], [2, "get", null, null, "l"]),
    "ok",
  );
});

test("registers that are only read and written together are judged together, others apart", () => {
  const both = (process: number, a: number, b: number): Step => {
    return [
      process,
      "txn",
      [
        ["r", "a", null],
        ["r", "b", null],
      ],
      [
        ["r", "a", a],
        ["r", "b", b],
      ],
    ];
  };
  const write: Step = [
    1,
    "txn",
    [
      ["w", "a", 1],
      ["w", "b", 1],
    ],
    [
      ["w", "a", 1],
      ["w", "b", 1],
    ],
  ];
  const alone: Step = [3, "put", 5, null, "c"];
  assert.equal(told(multiRegister(), write, alone, both(2, 1, 1)), "ok");
  const reason = told(multiRegister(), write, alone, [2, "put", 2, null, "a"], both(2, 1, 1));
  assert.match(reason, /process 2 did \[\["r","a",1\],\["r","b",1\]\].* only be \{"a":2,"b":1\}/);
  assert.doesNotMatch(reason, /"c"/);
});

test("every model has a name, and describes whatever is asked of it", () => {
  const verbs = [
    "read",
    "write",
    "cas",
    "get",
    "put",
    "append",
    "delete",
    "add",
    "remove",
    "contains",
    "enqueue",
    "dequeue",
  ];
  for (const [name, make] of Object.entries(MODELS)) {
    const model = make([]);
    assert.notEqual(model.describeState(model.initial), undefined, name);
    for (const f of [...verbs, "peek", "acquire", "release", "length"]) {
      const asked = { process: 1, key: "k", f, input: { from: 1, to: 2, amount: 3, revision: 4 }, call: 0 };
      const output = { value: 1, revision: 5, done: true };
      const answered: Operation = { ...asked, output, return: 1, outcome: "ok" };
      const lost: Operation = { ...asked, output: undefined, return: 1, outcome: "unknown" };
      for (const operation of [answered, lost])
        assert.doesNotMatch(model.describe(operation), /undefined|\[object/, name);
    }
  }
});
