/**
 * `npm test`: every test of the repository, or those whose path contains one of the arguments
 * (`npm test -- packages/wire raft`). Names the files that took long, and ends with "N passed, N failed"; the exit code says
 * the same.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { root, sources } from "./sources.ts";

/** A file that takes longer is split, or its hunt shortened: who changes something waits for it. Milliseconds, as all here. */
const longest = 20_000;

/** A test that says no time of its own fails after this. */
const perTest = 120_000;

/** After this even a test that never lets go of its thread, and that no other limit reaches, is ended and named. */
const inAll = (process.env.SYNOD_CLUSTER_TEST === "long" ? 180 : 30) * 60_000;

const wanted = process.argv.slice(2).map((argument) => argument.replace(/^\.\//, ""));
const files = [...sources("packages", [".test.ts"]), ...sources("tools", [".test.ts"])]
  .map(({ path }) => path)
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));

if (files.length === 0) {
  process.stderr.write(`no test file has ${wanted.map((part) => `"${part}"`).join(" or ")} in its path\n`);
  process.exit(1);
}

// Each file is a process of its own; what one has compiled, the next ones and the nodes that they start need not.
const compiled = mkdtempSync(join(tmpdir(), "synod-tests-"));
process.env.NODE_COMPILE_CACHE = compiled;

const counts = { passed: 0, failed: 0, skipped: 0 };
const long: string[] = [];
const events = run({
  files,
  concurrency: 2,
  timeout: perTest,
  signal: AbortSignal.timeout(inAll),
  execArgv: ["--import", join(root, "tools/leftovers.ts")],
});
events.on("test:summary", ({ file, counts: sum, duration_ms: took }) => {
  if (file !== undefined) {
    if (took > longest) long.push(`${relative(root, file)} took ${(took / 1000).toFixed(0)} s`);
    return;
  }
  // One file's have a file; the last summary, without one, is of all.
  counts.passed = sum.passed;
  counts.skipped = sum.skipped + sum.todo;
  counts.failed = sum.tests - sum.passed - counts.skipped;
});

const report = events.compose(spec);
report.pipe(process.stdout, { end: false });
report.on("end", () => {
  rmSync(compiled, { recursive: true, force: true });
  if (long.length > 0) process.stdout.write(`\nlonger than ${longest / 1000} s:\n  ${long.join("\n  ")}\n`);
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
