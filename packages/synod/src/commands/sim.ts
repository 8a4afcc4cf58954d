import {
  type ConfigOverrides,
  FAULT_KINDS,
  type FaultKind,
  MUTANTS,
  type Mutant,
  SECOND,
} from "@synod/simulator/config";
import { describeFault, type FaultPlan } from "@synod/simulator/plan";
import type { Shrunk } from "@synod/simulator/shrink";
import { type SimulationResult, shrinkResult, simulate } from "@synod/simulator/simulate";
import type { ObservedEvent } from "@synod/simulator/simulation";
import { columns, count } from "./columns.ts";

/** What `synod sim` and `synod swarm` let a person fix; the rest is drawn from the seed. */
export interface WorldFlags {
  readonly nodes?: number | undefined;
  /** Virtual seconds under faults. */
  readonly seconds?: number | undefined;
  readonly clients?: number | undefined;
  readonly disk?: "light" | "full" | undefined;
  /** Kinds of faults, separated by commas; "none" for none. */
  readonly faults?: string | undefined;
  /** A bug to plant, to see it found. */
  readonly mutant?: string | undefined;
}

export interface SimOptions extends WorldFlags {
  readonly seed: number;
  /** Look for the least that still fails. On by default. */
  readonly shrink?: boolean | undefined;
  /** Print the last events before the end. */
  readonly trace?: number | undefined;
  /** A fault plan to play instead of the seed's. */
  readonly plan?: FaultPlan | undefined;
  readonly json?: boolean | undefined;
}

export type Print = (line: string) => void;

const MAX_SHRINK_RUNS = 200;

/** Runs one world. @returns the exit code: 0 if everything held, 1 if something did not, 2 for flags that make no sense. */
export function simCommand(options: SimOptions, print: Print): number {
  const config = worldConfig(options);
  if (typeof config === "string") {
    print(config);
    return 2;
  }
  const last: ObservedEvent[] = [];
  const result = simulate({
    seed: options.seed,
    config,
    ...(options.plan === undefined ? {} : { plan: options.plan }),
    ...(options.trace === undefined ? {} : { observer: keepLast(last, options.trace) }),
  });
  const small =
    result.failure !== undefined && options.shrink !== false ? shrinkResult(result, MAX_SHRINK_RUNS) : undefined;
  if (options.json) print(JSON.stringify({ ...result, replay: replayLine(options), shrunk: small ?? null }));
  else explain(options, result, small, last, print);
  return result.failure === undefined ? 0 : 1;
}

/** The line that plays the same run again, anywhere. */
export function replayLine(options: WorldFlags & { readonly seed: number }): string {
  const flags = [`--seed ${options.seed}`];
  for (const name of ["nodes", "seconds", "clients", "disk", "faults", "mutant"] as const) {
    if (options[name] !== undefined) flags.push(`--${name} ${options[name]}`);
  }
  return `npm run synod -- sim ${flags.join(" ")}`;
}

/** @returns the configuration's fixed parts, or one sentence that says what is wrong with the flags. */
export function worldConfig(flags: WorldFlags): ConfigOverrides | string {
  const config: { -readonly [K in keyof ConfigOverrides]: ConfigOverrides[K] } = {};
  const { nodes, seconds, faults, mutant } = flags;
  if (nodes !== undefined) {
    if (!Number.isInteger(nodes) || nodes < 1 || nodes > 15) return `--nodes ${nodes}: a world has 1 to 15 nodes`;
    config.nodes = nodes;
  }
  if (seconds !== undefined) {
    if (!(seconds > 0 && seconds <= 1_000_000)) return `--seconds ${seconds}: more than 0 and at most 1000000`;
    config.duration = Math.round(seconds * SECOND);
  }
  if (faults !== undefined) {
    const kinds = faults === "none" ? [] : faults.split(",").map((kind) => kind.trim());
    const unknown = kinds.find((kind) => !(FAULT_KINDS as readonly string[]).includes(kind));
    if (unknown !== undefined)
      return `--faults ${unknown}: there is no such fault; known are ${FAULT_KINDS.join(", ")}`;
    config.faults = kinds as FaultKind[];
  }
  if (mutant !== undefined) {
    if (!(MUTANTS as readonly string[]).includes(mutant)) {
      return `--mutant ${mutant}: there is no such bug to plant; known are ${MUTANTS.join(", ")}`;
    }
    config.mutant = mutant as Mutant;
  }
  if (flags.disk !== undefined && flags.disk !== "light" && flags.disk !== "full") {
    return `--disk ${String(flags.disk)}: either light or full`;
  }
  if (flags.disk !== undefined) config.disk = { model: flags.disk };
  if (flags.clients !== undefined) {
    if (!Number.isInteger(flags.clients) || flags.clients < 0 || flags.clients > 100) {
      return `--clients ${flags.clients}: 0 to 100`;
    }
    config.workload = { clients: flags.clients };
  }
  return config;
}

function keepLast(events: ObservedEvent[], limit: number): (event: ObservedEvent) => void {
  return (event) => {
    events.push(event);
    if (events.length > 2 * limit) events.splice(0, events.length - limit);
  };
}

function explain(
  options: SimOptions,
  result: SimulationResult,
  small: Shrunk | undefined,
  events: readonly ObservedEvent[],
  print: Print,
): void {
  const { failure, config } = result;
  for (const event of options.trace === undefined ? [] : events.slice(-options.trace)) print(eventLine(event));
  if (failure === undefined) print(`seed ${result.seed}: everything held`);
  else print(`seed ${result.seed}: ${failure.property} broke at ${seconds(failure.at)} (event ${failure.event})`);
  if (failure !== undefined) print(`  ${failure.message}`);
  print("");
  const rows: [string, string][] = [
    ["world", `${config.nodes} nodes, ${config.workload.clients} clients, ${seconds(result.virtualTime)} virtual`],
    ["disk", `${config.disk.model}${config.mutant === "none" ? "" : `; planted bug: ${config.mutant}`}`],
    [
      "operations",
      `${result.operations.completed} answered, ${result.operations.unknown} unknown, ${result.committed} entries`,
    ],
    ["messages", networkLine(result)],
    ["faults", countsLine(result.faults) || "none"],
    ["reached", countsLine(result.goals) || "nothing"],
    ["events", `${result.events}, trace ${result.traceHash}`],
  ];
  for (const line of columns(rows)) print(line);
  if (failure === undefined) return;
  print("");
  if (small !== undefined) explainShrunk(small, print);
  print(`replay: ${replayLine(options)}`);
}

function explainShrunk(small: Shrunk, print: Print): void {
  const { config, plan } = small;
  const faults = count(plan.length, "fault", "faults");
  print(
    `the least that still fails (${small.runs} runs): ${config.nodes} nodes, ${config.workload.clients} clients, ${faults}`,
  );
  for (const fault of plan) print(`  ${describeFault(fault)}`);
  if (small.failure.message !== "") print(`  then: ${small.failure.message}`);
}

function networkLine({ network }: SimulationResult): string {
  const { sent, delivered, lost, cut, duplicated, overtaking } = network;
  return `${sent} sent, ${delivered} delivered, ${lost} lost, ${cut} cut off, ${duplicated} duplicated, ${overtaking} overtaking`;
}

function countsLine(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, number]) => `${name} ${number}`)
    .join(", ");
}

function eventLine({ number, time, type, node, from, text }: ObservedEvent): string {
  const where = node === 0 ? "" : from === 0 ? ` n${node}` : ` n${from} → n${node}`;
  return `${String(number).padStart(8)}  ${seconds(time).padStart(11)}  ${type}${where} ${text}`.trimEnd();
}

function seconds(time: number): string {
  return `${(time / SECOND).toFixed(3)} s`;
}
