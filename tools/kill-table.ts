import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MUTANTS } from "@synod/simulator/scenario/mutants";

/**
 * `npm run kill-table -- --seeds 2000`: runs the swarm once for each planted bug, up to that many seeds, and writes
 * docs/mutants.md. Takes minutes; the scenarios' own kills are in the tests.
 */
const at = process.argv.indexOf("--seeds");
const limit = at < 0 ? 2000 : Number(process.argv[at + 1]);
const root = join(import.meta.dirname, "..");
const rows: string[] = [];
for (const mutant of MUTANTS) {
  const run = spawnSync(process.execPath, ["--import", "./tools/plant.ts", "tools/kill-run.ts", String(limit)], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, SYNOD_MUTANT: mutant.name },
  });
  if (run.status !== 0) throw new Error(`${mutant.name}: ${run.stderr}`);
  const { seed, property } = JSON.parse(run.stdout) as { seed?: number; property?: string };
  const swarm = seed === undefined ? `not in ${limit}` : `${seed}`;
  rows.push(`| ${mutant.scenario} | ${mutant.name} | \`${mutant.file}\` | yes | ${swarm} | ${property ?? ""} |`);
  console.log(rows.at(-1));
}
writeFileSync(
  join(root, "docs", "mutants.md"),
  `# Planted bugs

Every hard case of Raft has a scenario under \`scenarios/raft/\`, and every scenario has a bug that it must see: one piece of
the protocol's source replaced by a plausible mistake (\`packages/simulator/src/scenario/mutants.ts\`). The tests perform each
scenario with its bug and fail if nobody notices. This table also says how many seeds the swarm needs, from seed 1 on, without
knowing what it looks for; some bugs only slow a cluster down, and those the scenarios alone catch.

Made by \`npm run kill-table -- --seeds ${limit}\`.

| scenario | a member that… | in | scenario kills it | seeds to kill | what the swarm saw |
|---|---|---|---|--:|---|
${rows.join("\n")}
`,
);
