import assert from "node:assert/strict";
import { test } from "node:test";
import { NEVER_RETURNED } from "../history.ts";
import { HistoryError } from "./history-error.ts";
import { type ReadOptions, readHistory } from "./read-history.ts";
import { synodLines } from "./synod-format.ts";

/** Operations in short: process, verb, key, input, output, call..return, outcome. */
function operations(text: string | Uint8Array, options?: ReadOptions): string[] {
  return readHistory(text, options).history.map(({ process, f, key, input, output, call, return: end, outcome }) => {
    const told = outcome === "ok" ? JSON.stringify(output) : outcome;
    const until = end === NEVER_RETURNED ? "" : end;
    return `${process} ${f} ${JSON.stringify(key)} ${JSON.stringify(input)} → ${told} ${call}..${until}`;
  });
}

function refusal(text: string | Uint8Array, options?: ReadOptions): string {
  try {
    readHistory(text, options);
  } catch (error) {
    assert.ok(error instanceof HistoryError, String(error));
    assert.match(error.message, /^line \d+, column \d+: .+\. .+[.?]$/);
    return `${error.code} ${error.line}:${error.column}`;
  }
  return "accepted";
}

test("what was invoked is paired with how it ended: ok, fail, info, or nothing", () => {
  const text = `
    {:process 0, :type :invoke, :f :write, :value 1, :time 10}
    {:process 1, :type :invoke, :f :cas, :value [1 2], :time 11}
    {:process 2, :type :invoke, :f :read, :value nil, :time 12}
    {:process 0, :type :ok, :f :write, :value 1, :time 20}
    {:process 1, :type :info, :f :cas, :value [1 2], :error :timeout, :time 21}
    {:process 2, :type :fail, :f :read, :value nil, :time 22}
    {:process 3, :type :invoke, :f :read, :value nil, :time 23}
    {:process 3, :type :ok, :f :read, :value 1, :time 24}
    {:process 4, :type :invoke, :f :read, :value nil, :time 30}`;
  assert.deepEqual(operations(text), [
    '0 write "" 1 → 1 10..20',
    '1 cas "" {"from":1,"to":2} → unknown 11..',
    '2 read "" null → fail 12..22',
    '3 read "" null → 1 23..24',
    '4 read "" null → unknown 30..',
  ]);
  const { unit, model } = readHistory(text);
  assert.deepEqual([unit, model], ["ns", "cas-register"]);
});

test("the same in JSON: lines, an array, with a byte order mark and Windows' line ends", () => {
  const lines = [
    '{"process":0,"type":"invoke","f":"write","value":1}',
    '{"process":0,"type":"ok","f":"write","value":1}',
  ];
  const expected = ['0 write "" 1 → 1 0..1'];
  assert.deepEqual(operations(lines.join("\n")), expected);
  assert.deepEqual(operations(`[${lines.join(",")}]`), expected);
  const bytes = new TextEncoder().encode(`\ufeff${lines.join("\r\n")}\r\n`);
  assert.deepEqual(operations(bytes), expected);
});

test("the log of a run: other lines are left out, errors are not values", () => {
  const text = [
    "INFO  jepsen.core - Worker 0 starting",
    "INFO  jepsen.util - 0\t:invoke\t:write\t2",
    "INFO  jepsen.util - :nemesis\t:info\t:start\tnil",
    "INFO  jepsen.util - 1\t:invoke\t:cas\t[2 3]",
    "INFO  jepsen.util - 0\t:info\t:write\t:timed-out",
    "INFO  jepsen.util - 1\t:ok\t:cas\t[2 3]",
    "INFO  jepsen.util - 2\t:invoke\t:read\tnil",
    "INFO  jepsen.util - 2\t:ok\t:read\t3",
  ].join("\n");
  assert.deepEqual(operations(text), [
    '0 write "" 2 → unknown 0..',
    '1 cas "" {"from":2,"to":3} → true 2..4',
    '2 read "" null → 3 5..6',
  ]);
  assert.deepEqual(readHistory(text).faults, [{ name: "start", from: 1, to: NEVER_RETURNED }]);
});

test("Porcupine's operations, times in nanoseconds since 1970", () => {
  const operation = (client: number, input: object, call: string, output: object, end: string): string =>
    `{"ClientId":${client},"Input":${JSON.stringify(input)},"Call":${call},"Output":${JSON.stringify(output)},"Return":${end}}`;
  const text = `[${[
    operation(0, { Op: 1, Key: "a", Value: "v" }, "1700000000000000000", {}, "1700000000000000009"),
    operation(1, { op: "get", key: "a" }, "1700000000000000010", { value: "v" }, "1700000000000000012"),
    operation(2, { op: 2, key: "a", value: "w" }, "1700000000000000011", {}, "9223372036854775807"),
  ].join(",\n")}]`;
  assert.deepEqual(operations(text), [
    '0 put "a" "v" → null 0..9',
    '1 get "a" null → "v" 10..12',
    '2 append "a" "w" → unknown 11..',
  ]);
});

test("values that are pairs of key and value are told from values that are pairs", () => {
  const independent = `[{:process 0 :type :invoke :f :read :value [5 nil]}
    {:process 0 :type :ok :f :read :value [5 1]}
    {:process 1 :type :invoke :f :cas :value [6 [1 2]]}
    {:process 1 :type :ok :f :cas :value [6 [1 2]]}]`;
  assert.deepEqual(operations(independent), ['0 read "5" null → 1 0..1', '1 cas "6" {"from":1,"to":2} → true 2..3']);
  const plain = `[{:process 1 :type :invoke :f :cas :value [1 2]} {:process 1 :type :ok :f :cas :value [1 2]}]`;
  assert.deepEqual(operations(plain), ['1 cas "" {"from":1,"to":2} → true 0..1']);
  assert.equal(refusal(independent, { independent: false }), "accepted");
  assert.equal(refusal(plain, { independent: true }), "bad-operation 1:2");
});

test("transactions keep their micro-operations", () => {
  const text = `{:process 0 :type :invoke :f :txn :value [[:append 3 1] [:r 3 nil]]}
{:process 0 :type :ok :f :txn :value [[:append 3 1] [:r 3 [1]]]}`;
  assert.deepEqual(operations(text), ['0 txn "" [["append",3,1],["r",3,null]] → [["append",3,1],["r",3,[1]]] 0..1']);
  assert.equal(readHistory(text).model, "txn");
});

test("the order in the file holds where times are too coarse to show it", () => {
  const event = (process: number, type: string, time: number): string =>
    `{"process":${process},"type":"${type}","f":"read","value":null,"time":${time}}`;
  const events = [event(0, "invoke", 5), event(0, "ok", 5), event(1, "invoke", 5), event(1, "ok", 4)];
  assert.deepEqual(operations(events.join("\n")), ['0 read "" null → null 5..5', '1 read "" null → null 6..6']);
});

test("a fault lasts from where it was begun to where it was ended", () => {
  const event = (process: string, f: string, time: number, value: unknown = null): string =>
    JSON.stringify({ process, type: "info", f, value, time });
  const text = [
    '{"process":0,"type":"invoke","f":"read","time":0}',
    event("nemesis", "start-partition", 10, "n1 | n2 n3"),
    event("nemesis", "start-partition", 12, "n1 | n2 n3"),
    event("nemesis", "shuffle", 15),
    event("nemesis", "shuffle", 16),
    event("nemesis", "stop-partition", 30),
    event("nemesis", "stop-partition", 33),
  ].join("\n");
  assert.deepEqual(readHistory(text).faults, [
    { name: "start-partition", from: 10, to: 30, about: "n1 | n2 n3" },
    { name: "shuffle", from: 15, to: 16 },
    { name: "stop-partition", from: 30, to: 33 },
  ]);
});

test("our own form, with servers, faults and what never returned", () => {
  const text = `{"synod":"history","version":1,"unit":"us","model":"cas-register"}
{"process":1,"f":"write","key":"x","input":4,"output":null,"call":12,"return":40,"outcome":"ok","node":"n2"}
{"fault":"partition","from":20,"to":35,"about":"n1 | n2 n3"}
{"process":2,"f":"read","key":"x","input":null,"output":null,"call":15,"return":null,"outcome":"unknown"}`;
  const file = readHistory(text);
  assert.equal(file.history[0]?.node, "n2");
  assert.deepEqual([file.unit, file.model, file.history[1]?.return], ["us", "cas-register", NEVER_RETURNED]);
  const lines = text.split("\n") as [string, string, string, string];
  assert.deepEqual([...synodLines(file)], [lines[0], lines[1], lines[3], lines[2]]);
});

test("what makes no sense is refused with its place and a piece of advice", () => {
  const invoke = '{"process":0,"type":"invoke","f":"read","value":null}';
  const own = '{"synod":"history","version":1,"unit":"ms"}\n';
  for (const [text, expected] of [
    ["", "empty 1:1"],
    ["  \n\n", "empty 1:1"],
    ["[]", "empty 1:1"],
    ["once upon a time", "unknown-format 1:1"],
    ["\u0000\u0000", "unknown-format 1:1"],
    [`${invoke}\n${invoke}`, "double-invoke 2:1"],
    [`${invoke.replace("invoke", "ok")}`, "not-invoked 1:1"],
    [`${invoke}\n${invoke.replace("invoke", "ok").replace("read", "write")}`, "bad-operation 2:1"],
    [`${invoke}\n${invoke.replace("invoke", "done")}`, "bad-operation 2:1"],
    [`${invoke}\n{"type":"ok","f":"read"}`, "bad-operation 2:1"],
    [`${invoke}\n{"process":0,"type":"ok"}`, "bad-operation 2:1"],
    [`${invoke}\n17`, "bad-operation 2:1"],
    [`${invoke}\n{"process":1,"type":"invoke","f":"cas","value":[1,2,3]}`, "bad-operation 2:1"],
    [`${invoke}\n{"process":1,"type":"invoke","f":"read","key":[1]}`, "bad-operation 2:1"],
    [`${invoke}\n{"process":1,"type":"invoke","f":"read","time":1.5}`, "bad-time 2:1"],
    [`${invoke}\n{"process":1,"type":"inv`, "truncated 2:21"],
    ['{"synod":"history","version":2}', "unsupported-version 1:1"],
    [`${own}{"process":0}`, "bad-operation 2:1"],
    [`${own}{"process":0,"f":"read","call":5,"return":4,"outcome":"ok"}`, "bad-time 2:1"],
    [`${own}{"process":0,"f":"read","call":5,"outcome":"ok"}`, "bad-operation 2:1"],
    [`${own}{"process":0,"f":"read","call":99999999999999999,"outcome":"unknown"}`, "bad-time 2:1"],
    ['{"ClientId":0,"Input":5,"Call":1,"Return":2}', "bad-operation 1:1"],
    ['{"ClientId":0,"Input":{"op":9},"Call":1,"Return":2}', "bad-operation 1:1"],
    ['{"ClientId":0,"Input":{"op":0},"Call":3,"Return":2}', "bad-time 1:1"],
    ["INFO jepsen.util - 0\t:invoke\t:read\t[1", "truncated 1:36"],
  ] as const) {
    assert.equal(refusal(text), expected, text);
  }
  assert.equal(refusal(`${invoke}\n`.repeat(3), { maxOperations: 1 }), "too-many 3:1");
});

test("bytes that are no UTF-8 are refused where they stand", () => {
  const good = [...new TextEncoder().encode('{"process":0,\n"é€😀":1')];
  for (const bad of [
    [0xff],
    [0xc3],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xc0, 0xaf],
    [0xf4, 0x90, 0x80, 0x80],
    [0x80],
  ]) {
    assert.equal(refusal(Uint8Array.from([...good, ...bad])), "bad-encoding 2:14", bad.join(" "));
  }
  assert.equal(refusal(Uint8Array.from([0x1f, 0x8b, 0x08])), "bad-encoding 1:2");
});
