import type { Findings } from "./findings.ts";
import { OK, READ_OTHER, type TransactionTable, WRITE } from "./table.ts";
import type { Teller } from "./telling.ts";
import type { Writers } from "./writers.ts";

/** What the searches for anomalies share. */
export interface Evidence {
  readonly table: TransactionTable;
  readonly writers: Writers;
  /** By micro-operation: 1 for a read of an answered transaction before its own first write to the key. */
  readonly external: Uint8Array;
  readonly tell: Teller;
  readonly findings: Findings;
}

/** The element whose version a read returned, -1 for the initial one. For lists only where `opKind` is `READ`. */
export function versionRead(table: TransactionTable, op: number): number {
  const value = table.opValue.array[op]!;
  if (table.workload === "rw-register") return value;
  return value === 0 ? -1 : table.longest[table.opKey.array[op]!]![value - 1]!;
}

/** Every read of every answered transaction, by transaction. */
export function forEachRead(table: TransactionTable, visit: (transaction: number, op: number) => void): void {
  for (let t = 0; t < table.length; t += 1) {
    if (table.outcome.array[t] !== OK) continue;
    const end = table.end(t);
    for (let op = table.first.array[t]!; op < end; op += 1) if (table.opKind.array[op] !== WRITE) visit(t, op);
  }
}

/**
 * Aborted reads (G1a), intermediate reads (G1b), future reads, and values that nobody wrote: what one read proves alone
 * (Adya 1999, section 4.3).
 */
export function findDirectAnomalies(evidence: Evidence): void {
  const { table } = evidence;
  const suspect = firstSuspect(evidence);
  forEachRead(table, (t, op) => {
    const key = table.opKey.array[op]!;
    if (table.workload === "list-append") {
      if (table.opKind.array[op] === READ_OTHER)
        for (const element of table.listRead(op)) judge(evidence, t, op, element);
      else if (table.opValue.array[op]! > suspect[key]!) {
        for (const element of table.listRead(op)) judge(evidence, t, op, element);
      }
    } else if (table.opValue.array[op]! >= 0) judge(evidence, t, op, table.opValue.array[op]!);
    if (evidence.external[op] === 1) judgeVersion(evidence, t, op);
  });
}

/** By key: the place in its longest list of the first element without a writer that may have committed. */
function firstSuspect({ table, writers }: Evidence): Float64Array {
  const suspect = new Float64Array(table.keys.length).fill(Number.POSITIVE_INFINITY);
  for (const [key, list] of table.longest.entries()) {
    const place = list.findIndex((element) => writers.writer[element]! < 0);
    if (place >= 0) suspect[key] = place;
  }
  return suspect;
}

function judge({ table, writers, tell, findings }: Evidence, t: number, op: number, element: number): void {
  if (writers.writer[element]! >= 0) return;
  const key = table.opKey.array[op]!;
  const aborted = writers.abortedWriter[element]!;
  const verb = table.workload === "list-append" ? "appended" : "wrote";
  if (aborted < 0) {
    const reason = (): string =>
      `${tell.who(t)} read ${tell.read(op)}, but nobody ever ${verb} ${tell.value(element)}.`;
    findings.add("garbage read", () => ({ reason: reason(), transactions: [t], key: tell.key(key), culprit: t }));
    return;
  }
  findings.add("G1a", () => ({
    reason: `${tell.who(t)} read ${tell.read(op)}, but ${tell.value(element)} was ${verb === "wrote" ? "written" : verb} by ${tell.who(aborted)}, which was aborted.`,
    transactions: [aborted, t],
    key: tell.key(key),
    culprit: t,
  }));
}

function judgeVersion({ table, writers, tell, findings }: Evidence, t: number, op: number): void {
  const key = table.opKey.array[op]!;
  if (table.opKind.array[op] === READ_OTHER || writers.spoiled[key] === 1) return;
  const element = versionRead(table, op);
  const writer = element < 0 ? -1 : writers.writer[element]!;
  if (writer < 0) return;
  const value = tell.value(element);
  if (writer === t) {
    findings.add("future read", () => ({
      reason: `${tell.who(t)} read ${tell.read(op)} before it had itself written ${value}.`,
      transactions: [t],
      key: tell.key(key),
      culprit: t,
    }));
  } else if (writers.isFinal[element] === 0) {
    findings.add("G1b", () => ({
      reason: `${tell.who(t)} read ${tell.read(op)}, a state in the middle of ${tell.who(writer)}, which wrote to ${tell.key(key)} again after ${value}.`,
      transactions: [writer, t],
      key: tell.key(key),
      culprit: t,
    }));
  }
}

/** Two committed transactions that read the same version of a key, and both wrote the key: the one lost the other's update. */
export function findLostUpdates({ table, writers, external, tell, findings }: Evidence): void {
  const updaterOf = new Int32Array(table.elements.length).fill(-1);
  const updaterOfInitial = new Int32Array(table.keys.length).fill(-1);
  const readBy = new Int32Array(table.keys.length).fill(-1);
  for (let t = 0; t < table.length; t += 1) {
    if (table.outcome.array[t] !== OK) continue;
    const first = table.first.array[t]!;
    for (let op = first; op < table.end(t); op += 1) {
      const key = table.opKey.array[op]!;
      if (external[op] === 1 && table.opKind.array[op] !== READ_OTHER) readBy[key] = op;
      const read = readBy[key]!;
      if (table.opKind.array[op] !== WRITE || read < first || writers.spoiled[key] === 1) continue;
      readBy[key] = -1;
      const version = versionRead(table, read);
      const updaters = version < 0 ? updaterOfInitial : updaterOf;
      const place = version < 0 ? key : version;
      const other = updaters[place]!;
      if (other < 0) updaters[place] = t;
      else {
        findings.add("lost update", () => ({
          reason: `${tell.who(other)} and ${tell.who(t)} both read ${tell.read(read)} and then wrote ${tell.key(key)}: the later of them did not see what the earlier had written.`,
          transactions: [other, t],
          key: tell.key(key),
        }));
      }
    }
  }
}
