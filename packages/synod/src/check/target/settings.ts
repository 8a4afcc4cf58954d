import { list, oneOf, optional, type Setting, text, whole } from "../../cli/settings.ts";
import { DISTRIBUTIONS, type Distribution, FAULTS, WORKLOADS, type WorkloadName } from "../choices.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
export const DEFAULT_TIME_MS = 60_000;
const LONGEST_MS = 24 * 3_600_000;
const MOST_SEED = Number.MAX_SAFE_INTEGER;

/** Milliseconds, written as 90s or 5m. */
function time(about: string): Setting<number> {
  const parse = (given: string): number | undefined => {
    const [, digits, unit] = /^(\d{1,8})(ms|s|m|h)$/.exec(given) ?? [];
    const milliseconds = Number(digits) * (UNITS[unit ?? ""] ?? Number.NaN);
    return milliseconds >= 1000 && milliseconds <= LONGEST_MS ? milliseconds : undefined;
  };
  return {
    about,
    placeholder: "time",
    wants: "a time from 1s to 24h, such as 90s or 5m",
    parse,
    fallback: DEFAULT_TIME_MS,
  };
}

/** What `synod check --target` is told. */
export interface TargetSettings {
  readonly target: string | undefined;
  readonly workload: WorkloadName | "queues";
  readonly distribution: Distribution;
  readonly nemesis: readonly string[];
  readonly nodes: number;
  readonly clients: number;
  /** Operations a second, 0 without a limit. */
  readonly rate: number;
  /** Milliseconds. */
  readonly time: number | undefined;
  readonly seed: number | undefined;
  readonly output: string | undefined;
}

export const targetSettings: { readonly [Key in keyof TargetSettings]: Setting<TargetSettings[Key]> } = {
  target: optional(text("test a cluster: synod or etcd start one; etcd://host:port,… is one that runs", "", "target")),
  workload: oneOf("what clients do", [...WORKLOADS, "queues"]),
  distribution: oneOf("which keys clients want: all alike, some more than others, or all the same", DISTRIBUTIONS),
  nemesis: list(`what goes wrong meanwhile: ${FAULTS.join(", ")}`, [], "fault,…"),
  nodes: whole("nodes of the cluster to start", 3, 1, 9),
  clients: whole("clients, each with one operation under way", 10, 1, 1000),
  rate: whole("operations a second of all clients together; 0: no limit", 500, 0, 1_000_000),
  time: optional(time("how long clients work (default: 60s)")),
  seed: optional(whole("decides what clients ask for and what goes wrong; without it, any", 1, 0, MOST_SEED)),
  output: optional(text("folder for the history, the report and its picture", "", "folder")),
};
