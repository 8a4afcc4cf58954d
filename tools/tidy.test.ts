/** Taste as a test: what review would say twice, this file says for ever. Each rule is headed by its reason. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPure, isTest, type Source, sources, withoutComments } from "./sources.ts";

const code = [
  ...sources("packages", [".ts", ".tsx", ".mjs"]),
  ...sources("tools", [".ts"]),
  ...sources("bench", [".ts"]),
  ...sources("examples", [".ts", ".mjs"]),
];
const prose = sources(".", [".md", ".json", ".txt", ".yml", ".yaml", ".sh", ".ci/run"]);

/** What would make two runs of the same seed differ, or tie the heart to one platform. */
const bannedInPure: readonly [pattern: RegExp, reason: string][] = [
  [/\bMath\.random\b/, "chance comes from a seeded generator"],
  [/\bDate\b/, "time comes in with the call"],
  [/\bperformance\.now\b/, "time comes in with the call"],
  [/\bset(?:Timeout|Interval|Immediate)\b/, "a protocol says wakeAt; its driver keeps the timers"],
  [/\bqueueMicrotask\b/, "the order of microtasks is nobody's contract"],
  [/\bconsole\./, "outcomes are announced, not printed"],
  [/\basync[ (]/, "a handler runs to its end"],
  [/\bawait /, "a handler runs to its end"],
  [/\bPromise\b/, "a handler runs to its end"],
  [
    /\bMath\.(?:log|log2|log10|log1p|exp|expm1|pow|sin|cos|tan|tanh|cbrt|hypot)\b/,
    "may differ between engines in the last bit",
  ],
  [/\blocaleCompare\b|\btoLocale/, "depends on the machine's locale"],
  [/\bBuffer\b/, "Node's; a browser has Uint8Array"],
  [/\bprocess\./, "Node's"],
];

test("nothing pure reads a clock, draws a random number, waits or prints", () => {
  const wrong = code
    .filter(({ path }) => isPure(path))
    .flatMap((source) => findings({ ...source, text: withoutStrings(withoutComments(source.text)) }, bannedInPure));
  assert.deepEqual(wrong, []);
});

/** A room that cannot be seen whole is two rooms. Exceptions are named, with their reason, and start empty. */
const longest = 350;
const longerForAReason: readonly string[] = [];

test(`no file is longer than ${longest} lines`, () => {
  const wrong = code
    .filter(({ path }) => !longerForAReason.includes(path))
    .filter(({ text }) => lines(text) > longest)
    .map(({ path, text }) => `${path}: ${lines(text)} lines`);
  assert.deepEqual(wrong, []);
  const gone = longerForAReason.filter(
    (path) => !code.some((file) => file.path === path && lines(file.text) > longest),
  );
  assert.deepEqual(gone, [], "no longer an exception: take it off the list");
});

/** A note to do something later is done now, or is an entry in the tracker. */
test("no notes to self are left behind", () => {
  const later = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
  assert.deepEqual(
    code.concat(prose).flatMap((source) => findings(source, [[later, "do it, or leave it out"]])),
    [],
  );
});

/** A test that does not run proves nothing, and one that runs alone hides the others. */
test("no test is skipped, postponed or run alone", () => {
  const modifiers = /\b(?:test|it|describe|suite)\.(?:skip|todo|only)\b|\{ *(?:skip|todo|only):/;
  const tests = code.filter(({ path }) => isTest(path) && path !== "tools/tidy.test.ts");
  assert.deepEqual(
    tests.flatMap((source) => findings(source, [[modifiers, "run it or delete it"]])),
    [],
  );
});

/** The checkout may lie anywhere, belong to anybody and have been written with any tool. */
test("files speak of the project alone", () => {
  const elsewhere: readonly [RegExp, string][] = [
    [/(?:^|[\s"'`(=])\/(?:work|tmp|root|home\/\w+|Users\/\w+)\//, "a path of one machine"],
    [/\bregistry\.[a-z]+\.(?:org|com)\b/, "the lock file and the client's settings know the registry"],
    [/\b(?:AI|LLM|chatbot|language model)\b|\bgenerated (?:by|with) [A-Z]/, "the text stands for itself"],
  ];
  const own = code.concat(prose).filter(({ path }) => path !== "tools/tidy.test.ts" && !path.endsWith("-lock.json"));
  assert.deepEqual(
    own.flatMap((source) => findings(source, elsewhere)),
    [],
  );
});

/** Type stripping leaves no trace of these, so they would be syntax errors at run time. */
test("no enums, no namespaces, no casts through any", () => {
  const unwanted: readonly [RegExp, string][] = [
    [/^\s*(?:export )?(?:const )?enum \w/, "use a const object and its union"],
    [/^\s*(?:export )?(?:declare )?namespace \w/, "use a module"],
    [/\bas any\b|: any\b|<any>/, "say the type, or unknown"],
    [/@ts-(?:ignore|nocheck|expect-error)/, "say what the compiler cannot see by a narrower type"],
  ];
  const typed = code.filter(({ path }) => path.endsWith(".ts") && path !== "tools/tidy.test.ts");
  assert.deepEqual(
    typed.flatMap((source) => findings({ ...source, text: withoutComments(source.text) }, unwanted)),
    [],
  );
});

function findings(source: Source, rules: readonly (readonly [RegExp, string])[]): string[] {
  const found: string[] = [];
  for (const [row, line] of source.text.split("\n").entries()) {
    for (const [pattern, reason] of rules) {
      const match = pattern.exec(line);
      if (match !== null) found.push(`${source.path}:${row + 1}: "${match[0].trim()}": ${reason}`);
    }
  }
  return found;
}

function lines(text: string): number {
  return text.split("\n").length - 1;
}

function withoutStrings(text: string): string {
  return text.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, '""');
}
