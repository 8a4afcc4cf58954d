/** `npm run verify`: everything that a change must pass, writing nothing. `npm run fix` writes what can be written. */
import { spawnSync } from "node:child_process";
import { root } from "./sources.ts";

const tests = ["--import", "./packages/synod/bin/need-node.mjs", "tools/test.ts", ...process.argv.slice(2)];
const steps: readonly [name: string, program: string, ...args: string[]][] = [
  ["format and lint", "node_modules/.bin/biome", "ci", "."],
  ["types, pure", "node_modules/.bin/tsc", "-p", "tsconfig.pure.json"],
  ["types, Node", "node_modules/.bin/tsc", "-p", "tsconfig.node.json"],
  ["tests", process.execPath, ...tests],
];

const rows: string[] = [];
for (const [name, program, ...args] of steps) {
  const begun = performance.now();
  process.stdout.write(`\n— ${name}\n`);
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) process.stdout.write(`${program}: ${error.message}; npm ci puts it there\n`);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1).padStart(6);
  rows.push(`${status === 0 ? "passed" : "FAILED"}  ${name.padEnd(16)} ${seconds} s`);
  if (status !== 0) process.exitCode = 1;
}
process.stdout.write(`\n${rows.join("\n")}\n`);
