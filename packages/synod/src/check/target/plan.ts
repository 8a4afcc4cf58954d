import { CliError } from "../../cli/errors.ts";
import { type Distribution, FAULTS, type FaultName, WORKLOADS, type WorkloadName } from "../choices.ts";
import type { Place } from "../workload/clients.ts";
import { DEFAULT_TIME_MS, type TargetSettings } from "./settings.ts";

/** What is tested: a cluster of our own, or one that runs already. */
export type Subject =
  | { readonly type: "own"; readonly program: "synod" | "etcd"; readonly nodes: number }
  | { readonly type: "running"; readonly places: readonly Place[] };

/** A run, decided: with the same seed the same keys are asked for the same things, and the same faults come. */
export interface TargetPlan {
  readonly subject: Subject;
  readonly workload: WorkloadName;
  readonly distribution: Distribution;
  readonly nemesis: readonly FaultName[];
  readonly clients: number;
  readonly rate: number;
  readonly milliseconds: number;
  readonly seed: number;
}

/** Faults that cannot be done to etcd, and why. */
const NOT_TO_ETCD: Partial<Record<FaultName, string>> = {
  disk: "which files of etcd may be damaged without losing what it acknowledged is etcd's affair",
  clock: "etcd's clocks are those of the machine",
};

/** @throws CliError for what cannot be done, and what to do instead. */
export function planOf(settings: TargetSettings, anySeed: () => number): TargetPlan {
  const subject = subjectOf(settings.target ?? "", settings.nodes);
  const { workload, distribution, clients, rate } = settings;
  if (workload === "queues")
    throw usage(`--workload queues needs a target that speaks AMQP, and none does yet: use ${WORKLOADS.join(", ")}`);
  return {
    ...{ subject, workload, distribution, clients, rate },
    nemesis: nemesisOf(settings.nemesis, subject),
    milliseconds: settings.time ?? DEFAULT_TIME_MS,
    seed: settings.seed ?? anySeed(),
  };
}

function subjectOf(target: string, nodes: number): Subject {
  if (target === "synod" || target === "etcd") return { type: "own", program: target, nodes };
  if (target.startsWith("amqp://") || target.startsWith("amqps://"))
    throw usage(
      `--target ${target}: Synod has no AMQP client yet; what a queue delivered can be judged from a file: synod check FILE`,
    );
  if (!target.startsWith("etcd://"))
    throw usage(
      `--target ${target}: give synod or etcd, which start a cluster, or etcd://host:port[,host:port] of one that runs`,
    );
  const addresses = target.slice("etcd://".length).replace(/\/$/, "").split(",");
  const wrong = addresses.find((address) => !/^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/.test(address));
  if (wrong !== undefined)
    throw usage(`--target ${target}: "${wrong}" is no host:port; write etcd://10.0.0.1:2379,10.0.0.2:2379`);
  return { type: "running", places: addresses.map((address) => ({ name: address, address })) };
}

function nemesisOf(given: readonly string[], subject: Subject): FaultName[] {
  const names = given.map((name) => {
    const known = FAULTS.find((fault) => fault === name);
    if (known === undefined) throw usage(`--nemesis ${name}: there is no such fault; there are ${FAULTS.join(", ")}`);
    return known;
  });
  if (names.length === 0) return names;
  if (subject.type === "running")
    throw usage(
      "--nemesis hurts only clusters that this command has started: leave it out, or use --target synod or etcd",
    );
  for (const name of names) {
    const reason = subject.program === "etcd" ? NOT_TO_ETCD[name] : undefined;
    if (reason !== undefined) throw usage(`--nemesis ${name} is not for --target etcd: ${reason}`);
    if (name === "disk" && subject.nodes < 3)
      throw usage(
        "--nemesis disk needs three nodes or more: what one has lost it gets back from a majority of the others",
      );
  }
  return [...new Set(names)];
}

function usage(message: string): CliError {
  return new CliError("usage", message);
}
