import type { RaftOptions } from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import type { NetworkSettings } from "./network.ts";

export type RaftTuning = Partial<Omit<RaftOptions, "id" | "bootstrap">>;

/** Faults of which each seed turns a part fully off (swarm testing; Groce et al., ISSTA 2012). */
export const FAULT_KINDS = [
  "crash",
  "pause",
  "partition",
  "oneWay",
  "bridge",
  "ring",
  "isolate",
  "swizzle",
  "clog",
  "loss",
  "delay",
  "duplicate",
  "reorder",
  "skew",
  "leap",
  "slowDisk",
  "failingSync",
  "bitFlip",
  "misdirect",
  "amnesia",
  "transfer",
  "membership",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/**
 * Bugs that can be planted in the harness, so that a run can show that it would be found. None touches the protocol:
 * each is a mistake that the code around a correct protocol may make.
 */
export const MUTANTS = [
  "none",
  "sendBeforeDurable",
  "forgetVotes",
  "noDeduplication",
  "staleReads",
  "silentAmnesia",
] as const;
export type Mutant = (typeof MUTANTS)[number];

export interface DiskSettings {
  /** `light`: an array of records with a watermark. `full`: the real write-ahead log over a disk of bytes. */
  readonly model: "light" | "full";
  readonly minSync: number;
  readonly meanSync: number;
}

export interface WorkloadSettings {
  readonly clients: number;
  readonly keys: number;
  /** A client rests about this long between two operations, in microseconds. */
  readonly meanRest: number;
  /** It asks another node when none has answered for so long. */
  readonly retryAfter: number;
  /** It gives an operation up (unknown, not failed) after so long. */
  readonly giveUpAfter: number;
  /** Operations of one client, at most. */
  readonly operations: number;
  /** Parts of a million that are reads, and compare-and-swaps; the rest are writes. */
  readonly reads: number;
  readonly swaps: number;
}

/** Everything that a run depends on besides its seed and its fault plan; printable, and complete. */
export interface SimulationConfig {
  readonly nodes: number;
  /** Nodes beyond the first members that may join. */
  readonly spares: number;
  /** Virtual microseconds under faults. */
  readonly duration: number;
  /** Virtual microseconds after healing within which the core must make progress. */
  readonly livenessBound: number;
  readonly network: NetworkSettings;
  readonly disk: DiskSettings;
  readonly workload: WorkloadSettings;
  /** Pass every message and record through its codec and compare. */
  readonly checkedCodec: boolean;
  /** Inputs handled together before one write and one sync; 1: each on its own. */
  readonly maxBatch: number;
  /** Peers of a process that ends learn of it from their connections, as they do in production. */
  readonly noticeCrashes: boolean;
  /** Followers pass their clients' commands on to the leader instead of refusing them. */
  readonly forward: boolean;
  /** Entries applied between two snapshots. */
  readonly snapshotEvery: number;
  readonly faults: readonly FaultKind[];
  /** Mean virtual microseconds between two faults. */
  readonly meanFaultGap: number;
  readonly raft: RaftTuning;
  readonly mutant: Mutant;
}

/** What is not to be drawn; of the groups, single values may be given. */
export type ConfigOverrides = Omit<Partial<SimulationConfig>, "network" | "disk" | "workload" | "raft"> & {
  readonly network?: Partial<NetworkSettings>;
  readonly disk?: Partial<DiskSettings>;
  readonly workload?: Partial<WorkloadSettings>;
  readonly raft?: RaftTuning;
};

export const SECOND = 1_000_000;

/** The configuration of a seed: sizes, rates and the set of faults are drawn, so that seeds differ in kind and not only in order. */
export function drawConfig(seed: number, overrides: ConfigOverrides = {}): SimulationConfig {
  const random = new Random(seed).split("config");
  const drawn: SimulationConfig = {
    nodes: random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7]),
    spares: random.between(1, 3),
    duration: 20 * SECOND,
    livenessBound: 30 * SECOND,
    network: drawNetwork(random.split("network")),
    disk: drawDisk(random.split("disk")),
    workload: drawWorkload(random.split("workload")),
    checkedCodec: random.chance(150_000),
    maxBatch: random.pick([1, 1, 4, 32]),
    noticeCrashes: random.chance(500_000),
    forward: random.chance(300_000),
    snapshotEvery: random.pick([10, 40, 200, 1000]),
    faults: drawFaults(random.split("faults")),
    meanFaultGap: random.pick([200_000, 500_000, 1_000_000, 3_000_000]),
    raft: drawTuning(random.split("raft")),
    mutant: "none",
  };
  return withSoundClocks({
    ...drawn,
    ...overrides,
    network: { ...drawn.network, ...overrides.network },
    disk: { ...drawn.disk, ...overrides.disk },
    workload: { ...drawn.workload, ...overrides.workload },
    raft: { ...drawn.raft, ...overrides.raft },
  });
}

/** Leases are a promise about clocks: where they are on, clocks keep it. */
function withSoundClocks(config: SimulationConfig): SimulationConfig {
  if (config.raft.leaseReads !== true) return config;
  return { ...config, faults: config.faults.filter((kind) => kind !== "skew" && kind !== "leap") };
}

function drawFaults(random: Random): FaultKind[] {
  if (random.chance(30_000)) return [];
  const share = random.pick([250_000, 500_000, 500_000, 900_000]);
  return FAULT_KINDS.filter(() => random.chance(share));
}

/** Small limits, so that a short run meets them. */
function drawTuning(random: Random): RaftTuning {
  const electionTimeout = random.pick([150_000, 300_000, 1_000_000]);
  return {
    electionTimeout,
    heartbeatInterval: Math.floor(electionTimeout / random.pick([3, 5, 10])),
    maxInflight: random.pick([1, 4, 64]),
    maxAppendBytes: random.pick([30, 200, 1 << 16]),
    maxUncommittedBytes: random.pick([200, 10_000, 1 << 20]),
    snapshotChunkBytes: random.pick([32, 256, 1 << 16]),
    preVote: random.chance(700_000),
    checkQuorum: random.chance(800_000),
    leaseReads: random.chance(150_000),
  };
}

function drawNetwork(random: Random): NetworkSettings {
  const minDelay = random.pick([50, 200, 1_000, 10_000]);
  const often = (rates: readonly number[]): number => (random.chance(500_000) ? 0 : random.pick(rates));
  return {
    minDelay,
    meanDelay: minDelay + random.pick([100, 500, 5_000, 40_000]),
    uniformDelay: random.chance(300_000),
    loss: often([1_000, 10_000, 50_000, 200_000]),
    duplicate: often([1_000, 20_000, 200_000]),
    reorder: often([1_000, 50_000, 500_000]),
    capacity: random.pick([8, 32, 1_000, 1_000]),
  };
}

function drawDisk(random: Random): DiskSettings {
  const minSync = random.pick([50, 200, 1_000]);
  return {
    model: random.chance(200_000) ? "full" : "light",
    minSync,
    meanSync: minSync + random.pick([50, 500, 8_000]),
  };
}

function drawWorkload(random: Random): WorkloadSettings {
  return {
    clients: random.between(2, 8),
    keys: random.pick([1, 3, 10]),
    meanRest: random.pick([1_000, 20_000, 100_000]),
    retryAfter: random.pick([300_000, 1_000_000, 2_000_000]),
    giveUpAfter: random.pick([3_000_000, 8_000_000]),
    operations: 200,
    reads: random.pick([200_000, 500_000]),
    swaps: random.pick([0, 100_000, 300_000]),
  };
}

/** After healing: a quick network without faults. */
export function calmNetwork(settings: NetworkSettings): NetworkSettings {
  return {
    minDelay: 50,
    meanDelay: Math.min(settings.meanDelay, 1_000),
    uniformDelay: false,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    capacity: Math.max(settings.capacity, 1_000),
  };
}
