/** `synod check FILE`, as a person runs it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { NEVER_RETURNED, type Operation } from "@synod/checkers/history";
import { synodLines } from "@synod/checkers/readers/synod-format";
import { Run } from "../../testing/run.ts";
import { questionOf } from "./assume.ts";
import { parseLimits } from "./limits.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function check(args: readonly string[], input = ""): Promise<{ code: number | null; out: string; err: string }> {
  const run = new Run(["check", ...args]);
  run.process.stdin?.end(input);
  return { code: await run.ended(), out: run.stdout, err: run.stderr };
}

const stale = `{"synod":"history","version":1,"unit":"ms"}
{"process":1,"f":"write","key":"x","input":3,"output":null,"call":10,"return":20,"outcome":"ok","node":"n1"}
{"process":1,"f":"write","key":"x","input":4,"output":null,"call":30,"return":380,"outcome":"ok","node":"n1"}
{"process":2,"f":"read","key":"x","input":null,"output":3,"call":404,"return":412,"outcome":"ok","node":"n2"}
{"process":3,"f":"read","key":"y","input":null,"output":null,"call":420,"return":430,"outcome":"ok","node":"n2"}
{"fault":"partition","about":"n2 | n1 n3","from":300,"to":500}
`;

test("a file that is wrong: what it was taken for, the sentence, exit code 1, and a page", async () => {
  const picture = join(folder, "verdict.html");
  const { code, out, err } = await check([file("stale.jsonl", stale), "--picture", picture]);
  assert.equal(code, 1, err);
  assert.match(out, /^assumed +model register, level linearizable; say otherwise with --model and --level$/m);
  assert.match(
    out,
    /^Not linearizable: n2 answered client 2's read with 3 at 412 ms although client 1's write 4 at n1 had finished at 380 ms\.$/m,
  );
  assert.match(out, /^At that time a partition \(n2 \| n1 n3\) was on, 300 to 500 ms\.$/m);
  assert.match(readFileSync(picture, "utf8"), /^<!doctype html>[\s\S]*<title>Violated: stale\.jsonl<\/title>/);
  assert.equal(err, "", "nothing is drawn over and over where nobody sits at a terminal");
});

test("several levels at once, from standard input, as JSON for a program", async () => {
  const { code, out } = await check(
    ["-", "--level", "linearizable,sequential", "--model", "cas-register", "--json"],
    stale,
  );
  assert.equal(code, 1);
  const { subject, verdict, operations, checks } = JSON.parse(out);
  assert.deepEqual({ subject, verdict, operations }, { subject: "standard input", verdict: "illegal", operations: 4 });
  assert.deepEqual(
    checks.map((one: { level: string; verdict: string }) => [one.level, one.verdict]),
    [
      ["linearizable", "illegal"],
      ["sequential", "ok"],
    ],
  );
  assert.match(checks[0].explanation[0], /^Not linearizable: n2 answered/);
});

test("one key of several, which holds", async () => {
  const path = file("keys.jsonl", stale);
  const { code, out } = await check([path, "--key", "y"]);
  assert.equal(code, 0);
  assert.match(out, /^Linearizable: there is an order that explains 1 operation of 1 client\.$/m);
  const none = await check([path, "--key", "z"]);
  assert.equal(none.code, 2);
  assert.equal(none.err, 'synod: no operation is on key "z"; there are "x", "y"\n');
});

test("Jepsen's histories, and transactions with their cycle edge by edge", async () => {
  const edn = file(
    "skew.edn",
    `{:process 0, :type :invoke, :f :txn, :value [[:r :x nil] [:append :y 1]], :time 1000000}
{:process 1, :type :invoke, :f :txn, :value [[:r :y nil] [:append :x 1]], :time 2000000}
{:process 0, :type :ok, :f :txn, :value [[:r :x []] [:append :y 1]], :time 5000000}
{:process 1, :type :ok, :f :txn, :value [[:r :y []] [:append :x 1]], :time 6000000}
{:process 1, :type :invoke, :f :txn, :value [[:r :x nil] [:r :y nil]], :time 7000000}
{:process 1, :type :ok, :f :txn, :value [[:r :x [1]] [:r :y [1]]], :time 8000000}
`,
  );
  const { code, out, err } = await check([edn, "--level", "serializable"]);
  assert.equal(code, 1, err);
  assert.match(out, /^assumed +model list-append;/m);
  assert.match(out, /^ {2}rw +\S/m);
  assert.match(out, /^Ruled out: .*serializable/m);
  assert.equal((await check([edn, "--level", "snapshot-isolation"])).code, 0);
});

test("a file that is no history is named with line and column, and is not called wrong", async () => {
  const path = file("broken.jsonl", stale.replace('"call":404', '"call":"soon"'));
  const { code, err } = await check([path]);
  assert.equal(code, 2);
  assert.ok(err.startsWith(`synod: ${path}, line 4, column 1: `), err);
  assert.equal(
    (await check([join(folder, "nothing.edn")])).err,
    `synod: ${join(folder, "nothing.edn")} cannot be read (ENOENT): there is no such file\n`,
  );
  assert.match((await check([file("empty.edn", "")])).err, /line 1, column 1: the file is empty/);
});

test("questions that make no sense are answered with those that do", async () => {
  const path = file("questions.jsonl", stale);
  const [model, picture, limit] = await Promise.all([
    check([path, "--model", "teapot"]),
    check([path, "--picture", "verdict.gif"]),
    check([path, "--limit", "soon"]),
  ]);
  assert.equal(model.code, 2);
  assert.match(model.err, /^synod: There is no model "teapot"; there are register, cas-register, /);
  assert.match(picture.err, /end in \.html .* or \.svg/);
  assert.match(limit.err, /give a time such as 90s/);
});

test("what nobody said is taken from the file, and what the file does not tell is asked for", () => {
  const operation = (f: string, input: unknown): Operation => ({
    ...{ process: 1, key: "", f, input, output: null, call: 1, return: 2, outcome: "ok" },
  });
  const question = (history: Operation[], suggested?: string, level?: string[]): unknown =>
    questionOf(history, suggested, { level });
  const assumed = ["model list-append", "level strict-serializable"];
  const appends = [operation("txn", [["append", "x", 1]])];
  assert.deepEqual(question(appends, "txn"), { model: "list-append", levels: ["strict-serializable"], assumed });
  assert.deepEqual(question([operation("publish", 1), operation("deliver", null)], undefined), {
    ...{ model: "message-log", levels: ["delivery"], assumed: ["model message-log", "level delivery"] },
  });
  assert.throws(
    () => question([], "register", ["serializable"]),
    /cannot be judged as "serializable", only as linearizable, /,
  );
  assert.throws(
    () => question([operation("juggle", 3)]),
    /operations \("juggle"\) do not tell .* name its model with --model/,
  );
  assert.throws(() => question([], "raft"), /nothing here can judge a history of "raft"/);
});

test("limits are times, amounts of memory, or both", () => {
  assert.deepEqual(parseLimits("90s"), { milliseconds: 90_000 });
  assert.deepEqual(parseLimits("1.5GiB, 5m"), { bytes: 1.5 * 2 ** 30, milliseconds: 300_000 });
  for (const wrong of ["", "5", "s", "5s,6s", "-1s", "0s", "2 parsecs"])
    assert.equal(parseLimits(wrong), undefined, wrong);
});

/** Values that repeat, many clients at once: nobody knows who read whose write. */
function hard(operations: number): string {
  const history: Operation[] = [];
  for (let index = 0; index < operations; index += 1) {
    const [process, call] = [index % 60, index * 10];
    const isWrite = index % 2 === 0;
    const common = { process: index, key: "x", call, return: call + 2_000 + process, outcome: "ok" as const };
    if (isWrite) history.push({ ...common, f: "write", input: index % 7, output: null });
    else
      history.push({
        ...common,
        f: "cas",
        input: { from: (index * 5) % 7, to: (index * 3) % 7 },
        output: index % 3 === 0,
      });
  }
  history.push({
    process: operations,
    key: "x",
    f: "read",
    input: null,
    output: 8,
    call: 0,
    return: operations * 10 + 5_000,
    outcome: "ok",
  });
  history.push({
    process: operations + 1,
    key: "x",
    f: "write",
    input: 9,
    output: undefined,
    call: 0,
    return: NEVER_RETURNED,
    outcome: "unknown",
  });
  return [...synodLines({ history, unit: "us", faults: [] })].join("\n");
}

test("what cannot be decided in time is not decided: exit code 2, and what to do", async () => {
  const { code, out } = await check([file("hard.jsonl", hard(400)), "--limit", "1s"]);
  assert.equal(code, 2, out);
  assert.match(out, /^linearizable +cas-register +\? not decided/m);
  assert.match(out, /give it more with --limit, or less to do with --key\.$/m);
});

test("Ctrl-C ends it at once, however long it would have taken", async () => {
  const run = new Run(["check", file("harder.jsonl", hard(400)), "--limit", "1h"]);
  run.process.stdin?.end();
  const closed = once(run.process, "close");
  const timer = setInterval(() => run.process.kill("SIGINT"), 1_500);
  await closed;
  clearInterval(timer);
  assert.equal(run.process.signalCode, "SIGINT");
});
