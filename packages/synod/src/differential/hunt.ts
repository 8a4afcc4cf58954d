import { existsSync } from "node:fs";
import { Cluster } from "../cluster-test/cluster.ts";
import { etcd, synod } from "../cluster-test/programs.ts";
import { compare, type Difference } from "./compare.ts";
import { KNOWN_DIFFERENCES } from "./differences.ts";
import { Generator } from "./generate.ts";
import type { Operation } from "./operation.ts";
import { shrink } from "./shrink.ts";
import { Side } from "./side.ts";

export interface Hunt {
  readonly seed: string;
  /** How many; what is done within one watch counts as one. */
  readonly operations: number;
  /** Of Synod; etcd always has one. */
  readonly nodes: number;
  /** How long it is tried to need fewer operations once there is a difference. */
  readonly shrinkForMs: number;
  readonly say: (line: string) => void;
}

export interface Found {
  /** The few operations that are enough to show it. */
  readonly operations: readonly Operation[];
  readonly difference: Difference;
}

/** Operations that each side is asked for before answers are looked at. */
const BATCH = 500;

/** All data of this process's clusters, where there is such a folder: what a disk takes to sync is not compared. */
export function keepInMemory(): void {
  if (existsSync("/dev/shm")) process.env.TMPDIR = "/dev/shm";
}

/** @returns the first difference, with as few operations as it takes; undefined if there is none. */
export async function hunt({ seed, operations, nodes, shrinkForMs, say }: Hunt): Promise<Found | undefined> {
  const generator = new Generator(seed);
  const asked: Operation[] = [];
  const started = performance.now();
  const difference = await withBoth(nodes, async (sides) => {
    while (asked.length < operations) {
      const batch = Array.from({ length: Math.min(BATCH, operations - asked.length) }, () => comparable(generator));
      const found = await compare([...batch, { type: "hash" }], sides);
      asked.push(...batch);
      if (found !== undefined) return found;
      if (asked.length % 10_000 === 0 || asked.length === operations) say(progress(asked.length, started));
    }
    return undefined;
  });
  if (difference === undefined) return undefined;
  say(`seed ${seed}: a difference within the first ${asked.length} operations\n${describe(difference)}`);
  const fails = (list: readonly Operation[]): Promise<Difference | undefined> =>
    withBoth(nodes, (sides) => compare(list, sides));
  const found = await shrink([...asked, { type: "hash" }], difference, { attempt: fails, forMs: shrinkForMs, say });
  say(`as few operations as show it:\n${JSON.stringify(found.operations, null, 1)}\n${describe(found.difference)}`);
  return found;
}

function comparable(generator: Generator): Operation {
  for (;;) {
    const operation = generator.next();
    if (!KNOWN_DIFFERENCES.some((difference) => difference.concerns(operation))) return operation;
  }
}

/** Both on new folders, ended when `use` is through. */
export async function withBoth<Result>(
  nodes: number,
  use: (sides: readonly [Side, Side]) => Promise<Result>,
): Promise<Result> {
  const starting = [Cluster.start(etcd, 1), Cluster.start(synod, nodes)] as const;
  const outcomes = await Promise.allSettled(starting);
  const sides: Side[] = [];
  try {
    const clusters = await Promise.all(starting);
    sides.push(...clusters.map((cluster, index) => new Side(["etcd", "Synod"][index]!, cluster.addresses)));
    return await use([sides[0]!, sides[1]!]);
  } finally {
    for (const side of sides) side.close();
    for (const outcome of outcomes) if (outcome.status === "fulfilled") await outcome.value.destroy();
  }
}

function describe({ operation, said: [one, other] }: Difference): string {
  return `${JSON.stringify(operation)}\n  etcd:  ${one}\n  Synod: ${other}`;
}

function progress(count: number, started: number): string {
  const seconds = (performance.now() - started) / 1000;
  return `${count} operations equal after ${seconds.toFixed(0)} s (${(count / seconds).toFixed(0)}/s)`;
}
