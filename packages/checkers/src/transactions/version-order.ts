import { Ints } from "./columns.ts";
import { type Evidence, versionRead } from "./direct.ts";
import { EdgeList } from "./graph.ts";
import { OK, WRITE } from "./table.ts";
import { withoutCircles } from "./version-circles.ts";
import { BY_PROCESS, BY_REALTIME, BY_VALUE, type VersionOrder } from "./versions.ts";

/** Which inferences to make about the order of a register's versions, beside that the initial one is the first. */
export interface VersionOrderOptions {
  /** Who reads a version and then writes the key makes a later one. */
  readonly writesFollowReads: boolean;
  /** What a client sees or writes is not older than what it saw or wrote before: holds under the strong session models. */
  readonly process: boolean;
  /** What is seen or written after something had returned is not older: holds under the strong models. */
  readonly realtime: boolean;
}

/** What one transaction had to do with one key. */
interface Visits {
  readonly key: Ints;
  readonly transaction: Ints;
  /** The first version that it saw or wrote, and the last. */
  readonly first: Ints;
  readonly last: Ints;
}

/** Live visits remembered for each key; more clients at once only make the inference weaker. */
const MOST_LIVE = 64;

export function orderVersions(evidence: Evidence, order: Int32Array, options: VersionOrderOptions): VersionOrder {
  const { table, writers } = evidence;
  const elements = table.elements.length;
  const initial = (key: number): number => elements + key;
  const because = { earlier: new Ints(), later: new Ints() };
  const edges = new EdgeList(elements + table.keys.length);
  const hasEarlier = new Uint8Array(elements);
  const add = (from: number, to: number, kind: number, earlier: number, later: number): void => {
    if (from === to) return;
    if (kind === BY_VALUE && to < elements) hasEarlier[to] = 1;
    edges.add(from, to, kind, because.earlier.length);
    because.earlier.push(earlier);
    because.later.push(later);
  };
  const visits = collectVisits(evidence, order, (from, to, t) => add(from, to, BY_VALUE, t, t), options);
  for (let element = 0; element < elements; element += 1) {
    const key = table.elements.key.array[element]!;
    const writer = writers.writer[element]!;
    if (writer < 0 || writers.committed[writer] === 0 || writers.spoiled[key] === 1) continue;
    if (hasEarlier[element] === 0) add(initial(key), element, BY_VALUE, -1, -1);
  }
  if (options.process) orderByProcess(evidence, visits, add);
  if (options.realtime) orderByRealtime(evidence, visits, add);
  return withoutCircles(evidence, { graph: edges.graph(), initial, because });
}

type Visit = (from: number, to: number, transaction: number) => void;

/** Walks each transaction in order, tells which version it put over which, and what it did to each key. */
function collectVisits(
  evidence: Evidence,
  order: Int32Array,
  overwrites: Visit,
  { writesFollowReads }: VersionOrderOptions,
): Visits {
  const { table, writers, external } = evidence;
  const visits: Visits = { key: new Ints(), transaction: new Ints(), first: new Ints(), last: new Ints() };
  const visitOf = new Int32Array(table.keys.length).fill(-1);
  for (const t of order) {
    if (writers.committed[t] === 0) continue;
    const from = visits.key.length;
    for (let op = table.first.array[t]!; op < table.end(t); op += 1) {
      const key = table.opKey.array[op]!;
      const isWrite = table.opKind.array[op] === WRITE;
      if (writers.spoiled[key] === 1 || (!isWrite && external[op] === 0)) continue;
      const element = isWrite ? table.opValue.array[op]! : versionRead(table, op);
      // What nobody committed, or what this transaction wrote later itself, has no place in the order.
      const writer = element < 0 ? -1 : writers.writer[element]!;
      if (element >= 0 && (writer < 0 || (!isWrite && writer === t))) continue;
      const version = element < 0 ? table.elements.length + key : element;
      const visit = visitOf[key]!;
      if (visit < from) {
        visitOf[key] = visits.key.length;
        visits.key.push(key);
        visits.transaction.push(t);
        visits.first.push(version);
        visits.last.push(version);
        continue;
      }
      const last = visits.last.array[visit]!;
      const wroteLast = last < table.elements.length && writers.writer[last] === t;
      if (isWrite && (writesFollowReads || wroteLast)) overwrites(last, version, t);
      visits.last.array[visit] = version;
    }
  }
  return visits;
}

type Add = (from: number, to: number, kind: number, earlier: number, later: number) => void;

function orderByProcess({ table }: Evidence, visits: Visits, add: Add): void {
  const lastVisit = new Map<number, Map<number, number>>();
  for (let visit = 0; visit < visits.key.length; visit += 1) {
    const t = visits.transaction.array[visit]!;
    const process = table.processes.array[t]!;
    const key = visits.key.array[visit]!;
    const ofProcess = lastVisit.get(process) ?? new Map<number, number>();
    lastVisit.set(process, ofProcess);
    const before = ofProcess.get(key);
    if (before !== undefined) {
      const earlier = visits.transaction.array[before]!;
      const hadReturned = table.return.array[earlier]! <= table.call.array[t]!;
      if (hadReturned) add(visits.last.array[before]!, visits.first.array[visit]!, BY_PROCESS, earlier, t);
    }
    if (table.outcome.array[t] === OK) ofProcess.set(key, visit);
  }
}

/** Key by key, from every visit that had returned, unless one that came wholly after it had returned as well. */
function orderByRealtime({ table }: Evidence, visits: Visits, add: Add): void {
  const live = new Map<number, number[]>();
  const returned = (visit: number): number => table.return.array[visits.transaction.array[visit]!]!;
  const called = (visit: number): number => table.call.array[visits.transaction.array[visit]!]!;
  for (let visit = 0; visit < visits.key.length; visit += 1) {
    const key = visits.key.array[visit]!;
    const t = visits.transaction.array[visit]!;
    const candidates = live.get(key) ?? [];
    const over = candidates.filter((other) => returned(other) < called(visit));
    const latest = over.reduce((time, other) => Math.max(time, called(other)), Number.NEGATIVE_INFINITY);
    for (const other of over) {
      if (returned(other) < latest) continue;
      const earlier = visits.transaction.array[other]!;
      add(visits.last.array[other]!, visits.first.array[visit]!, BY_REALTIME, earlier, t);
    }
    const kept = candidates.filter((other) => returned(other) >= latest);
    if (table.outcome.array[t] === OK) kept.push(visit);
    live.set(key, kept.length > MOST_LIVE ? kept.slice(1) : kept);
  }
}
