import { duration } from "../../cli/output.ts";
import type { TargetRun } from "./run.ts";

/** Lines of the report that say what a run was, and what happened beside its operations. */
export function rowsOf(run: TargetRun, seed: number): (readonly [name: string, value: string])[] {
  const { problems, silence } = run;
  return [
    ["target", run.name],
    ["seed", String(seed)],
    ["clients worked", `${Math.round(run.milliseconds / 1000)} s`],
    ["faults", faultsLine(run)],
    ["longest without service", `${duration((silence.to - silence.from) / 1000)}, from ${seconds(silence.from)} on`],
    ...problems.map((problem) => ["went wrong", problem] as const),
  ];
}

/** "kill 3, pause 2"; "none". */
function faultsLine({ faults }: TargetRun): string {
  const counts = new Map<string, number>();
  for (const { name } of faults) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}

function seconds(microseconds: number): string {
  return `${(microseconds / 1_000_000).toFixed(2)} s`;
}
