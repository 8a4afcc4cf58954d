/**
 * Finds the bug of `store.ts`: runs it in simulated worlds, judges what its clients saw, makes the failing run small and
 * writes it down, with a picture. `node examples/property-kit/main.ts FOLDER`
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { History } from "@synod/checkers/history";
import { checkLinearizability } from "@synod/checkers/linearizability";
import { register } from "@synod/checkers/models/register";
import { drawHistory } from "@synod/checkers/picture/drawing";
import { synodLines } from "@synod/checkers/readers/synod-format";
import { reasonOf, type Verdict } from "@synod/checkers/verdict";
import { faultBands, findFault, shrinkFinding } from "@synod/simulator/kit";
import { kitFor } from "./kit.ts";
import { PrimaryBackupStore } from "./store.ts";

const judge = (history: History): Verdict => checkLinearizability(history, register());
const kit = kitFor(PrimaryBackupStore);
const found = findFault(kit, judge, 1_000);
if (found === undefined) throw new Error("a thousand worlds, and nothing wrong");
const { run, verdict, runs } = shrinkFinding(kit, found, judge);
const { operations, faults: planned } = run.plan;
console.log(
  `seed ${run.seed}, after ${runs} runs: ${operations.length} operations and ${planned.length} fault are enough`,
);
console.log(reasonOf(verdict));

const folder = process.argv[2] ?? "property-kit";
const file = { history: run.history, unit: "us", model: "register", faults: faultBands(run) } as const;
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "history.jsonl"), [...synodLines(file), ""].join("\n"));
writeFileSync(join(folder, "history.svg"), drawHistory({ ...file, verdict }));
console.log(`written: ${folder}/history.jsonl and ${folder}/history.svg`);
