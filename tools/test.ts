/**
 * `npm test`: every test of the repository, or those whose path contains one of the arguments
 * (`npm test -- packages/wire raft`). Ends with "N passed, N failed"; the exit code says the same.
 */
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { sources } from "./sources.ts";

const wanted = process.argv.slice(2).map((argument) => argument.replace(/^\.\//, ""));
const files = [...sources("packages", [".test.ts"]), ...sources("tools", [".test.ts"])]
  .map(({ path }) => path)
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));

if (files.length === 0) {
  process.stderr.write(`no test file has ${wanted.map((part) => `"${part}"`).join(" or ")} in its path\n`);
  process.exit(1);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const events = run({ files, concurrency: 2, timeout: 240_000 });
events.on("test:summary", ({ file, counts: sum }) => {
  if (file !== undefined) return; // one file's; the last summary, without a file, is of all
  counts.passed = sum.passed;
  counts.skipped = sum.skipped + sum.todo;
  counts.failed = sum.tests - sum.passed - counts.skipped;
});

const report = events.compose(spec);
report.pipe(process.stdout, { end: false });
report.on("end", () => {
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
