import type { NodeId } from "@synod/protocols/protocol";
import type { Random } from "@synod/protocols/random";
import type { Network } from "./network.ts";
import type { Fault } from "./plan.ts";

/** What a fault may do to a world. */
export interface FaultyWorld {
  readonly now: number;
  readonly network: Network;
  /** First members; nodes beyond may join. */
  readonly firstMembers: number;
  readonly maxNode: NodeId;
  /** Whoever leads, in the highest term; 0: nobody. */
  readonly leader: NodeId;
  isUp(node: NodeId): boolean;
  crash(node: NodeId, random: Random): void;
  startAt(node: NodeId, time: number): void;
  pause(node: NodeId, until: number): void;
  /** @returns false where the fault atlas forbids it, or where there is nothing to harm. */
  harm(node: NodeId, damage: "bitFlip" | "misdirect" | "amnesia", random: Random): boolean;
  failNextSync(node: NodeId): void;
  slowDisk(node: NodeId, by: number): void;
  setDrift(node: NodeId, partsPerMillion: number): void;
  leap(node: NodeId, by: number): void;
  transfer(target: NodeId): boolean;
  /** The node stays down; the administrator removes it and adds one that has never run, if there is one. */
  replace(node: NodeId): void;
  wish(type: "add" | "remove", node: NodeId): void;
}

/** Ends a fault. */
export type Undo = () => void;
const NOTHING: Undo = () => {};

/** Begins a fault. @returns what ends it; undefined if it could not happen (the node was down already, nobody led…). */
export function beginFault(world: FaultyWorld, fault: Fault, random: Random): Undo | undefined {
  const { kind, amount, until } = fault;
  if (isNetworkFault(kind)) return beginNetworkFault(world, fault, random);
  const node = fault.node === 0 ? world.leader : fault.node;
  switch (kind) {
    case "transfer":
      return world.transfer(fault.peer) ? NOTHING : undefined;
    case "membership":
      return changeMembership(world, fault, node);
  }
  if (node === 0 || !world.isUp(node)) return undefined;
  switch (kind) {
    case "crash":
      world.crash(node, random);
      world.startAt(node, until);
      return NOTHING;
    case "pause":
      world.pause(node, until);
      return NOTHING;
    case "bitFlip":
    case "misdirect":
      if (!world.harm(node, kind, random)) return undefined;
      world.startAt(node, until);
      return NOTHING;
    case "amnesia":
      // A voter that has forgotten everything must not vote: it never comes back, another node takes its place.
      if (!world.harm(node, kind, random)) return undefined;
      world.replace(node);
      return NOTHING;
    case "failingSync":
      world.failNextSync(node);
      return NOTHING;
    case "slowDisk":
      world.slowDisk(node, amount);
      return () => world.slowDisk(node, -amount);
    case "skew":
      world.setDrift(node, amount);
      return () => world.setDrift(node, 0);
    case "leap":
      world.leap(node, amount);
      return NOTHING;
    default:
      return undefined;
  }
}

const NETWORK_FAULTS = [
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
] as const;
type NetworkFault = (typeof NETWORK_FAULTS)[number];

function isNetworkFault(kind: string): kind is NetworkFault {
  return (NETWORK_FAULTS as readonly string[]).includes(kind);
}

function beginNetworkFault(world: FaultyWorld, fault: Fault, random: Random): Undo | undefined {
  const { kind, amount, peer, until } = fault;
  const node = fault.node === 0 ? world.leader : fault.node;
  const inSide = (id: NodeId): boolean => ((amount >> (id - 1)) & 1) === 1;
  const n = world.maxNode;
  switch (kind) {
    case "partition":
      return cutWhere(world, (from, to) => inSide(from) !== inSide(to));
    case "oneWay":
      return cutWhere(world, (from, to) => inSide(from) && !inSide(to));
    case "ring":
      return cutWhere(world, (from, to) => (from - to + n) % n !== 1 && (to - from + n) % n !== 1);
    case "swizzle":
      return swizzle(world, random);
  }
  if (node === 0) return undefined;
  switch (kind) {
    case "bridge":
      return cutWhere(world, (from, to) => from !== node && to !== node && from % 2 !== to % 2);
    case "isolate":
      return cutWhere(world, (from, to) => from === node || to === node);
    case "clog":
      if (peer === node) return undefined;
      world.network.clog(node, peer, until);
      return NOTHING;
    case "loss":
    case "delay":
    case "duplicate":
    case "reorder":
      return degrade(world, node, kind, amount);
    default:
      return undefined;
  }
}

function cutWhere(world: FaultyWorld, isCut: (from: NodeId, to: NodeId) => boolean): Undo {
  const cut: [NodeId, NodeId][] = [];
  for (let from = 1; from <= world.maxNode; from++) {
    for (let to = 1; to <= world.maxNode; to++) {
      if (from !== to && isCut(from, to)) cut.push([from, to]);
    }
  }
  for (const [from, to] of cut) world.network.cut(from, to);
  return () => {
    for (const [from, to] of cut) world.network.mend(from, to);
  };
}

/** FoundationDB's swizzle-clog: links close one after the other and open again in another order. */
function swizzle(world: FaultyWorld, random: Random): Undo {
  const nodes = Array.from({ length: world.firstMembers }, (_, i) => i + 1);
  const chosen = random.shuffle(nodes).slice(0, random.between(1, nodes.length));
  const length = random.between(10_000, 1_000_000);
  for (const node of chosen) {
    const until = world.now + random.between(1, length);
    for (let other = 1; other <= world.maxNode; other++) {
      if (other === node) continue;
      world.network.clog(node, other, until);
      world.network.clog(other, node, until);
    }
  }
  return NOTHING;
}

function degrade(world: FaultyWorld, node: NodeId, what: "loss" | "delay" | "duplicate" | "reorder", by: number): Undo {
  const add = (amount: number): void => {
    for (let other = 1; other <= world.maxNode; other++) {
      if (other === node) continue;
      world.network.degrade(node, other, what, amount);
      world.network.degrade(other, node, what, amount);
    }
  };
  add(by);
  return () => add(-by);
}

function changeMembership(world: FaultyWorld, fault: Fault, node: NodeId): Undo {
  if (fault.amount === 0) {
    world.wish("add", fault.peer);
  } else if (fault.amount === 1) {
    world.wish("remove", fault.peer);
  } else {
    if (node !== 0) world.wish("remove", node);
    world.wish("add", fault.peer);
  }
  return NOTHING;
}
