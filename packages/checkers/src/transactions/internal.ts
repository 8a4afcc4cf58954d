import type { Findings } from "./findings.ts";
import { OK, READ, READ_OTHER, type TransactionTable, WRITE } from "./table.ts";
import type { Teller } from "./telling.ts";

/**
 * Marks the reads that tell something about other transactions: all before the transaction's own first write to that key.
 * On the way, reads that contradict what their own transaction did or read before are reported: "internal", the axiom INT
 * of Cerone, Bernardi and Gotsman (2015).
 *
 * @returns by micro-operation: 1 for an external read.
 */
export function externalReads(table: TransactionTable, tell: Teller, findings: Findings): Uint8Array {
  const external = new Uint8Array(table.opKind.length);
  const previous = new Int32Array(table.opKind.length);
  const lastOp = new Int32Array(table.keys.length).fill(-1);
  const lastWrite = new Int32Array(table.keys.length).fill(-1);
  for (let t = 0; t < table.length; t += 1) {
    if (table.outcome.array[t] !== OK) continue;
    const first = table.first.array[t]!;
    const end = table.end(t);
    for (let op = first; op < end; op += 1) {
      const key = table.opKey.array[op]!;
      const before = lastOp[key]!;
      previous[op] = before >= first ? before : -1;
      lastOp[key] = op;
      if (table.opKind.array[op] === WRITE) {
        lastWrite[key] = op;
        continue;
      }
      if (lastWrite[key]! < first) external[op] = 1;
      const expected =
        before < first || agrees(table, previous, op) ? undefined : expectation(table, tell, previous, op);
      if (expected === undefined) continue;
      findings.add("internal", () => ({
        reason: `${tell.who(t)} read ${tell.read(op)}, although ${expected}.`,
        transactions: [t],
        key: tell.key(key),
        culprit: t,
      }));
    }
  }
  return external;
}

/** The transaction's own appends to the key since its last read of it, newest first; and that read, or -1. */
function sinceLastRead(table: TransactionTable, previous: Int32Array, op: number): { own: number[]; read: number } {
  const own: number[] = [];
  let at = previous[op]!;
  for (; at >= 0 && table.opKind.array[at] === WRITE; at = previous[at]!) own.push(table.opValue.array[at]!);
  return { own, read: at };
}

function agrees(table: TransactionTable, previous: Int32Array, op: number): boolean {
  const before = previous[op]!;
  if (table.workload === "rw-register") return table.opValue.array[before] === table.opValue.array[op];
  const { own, read } = sinceLastRead(table, previous, op);
  const isPlain = table.opKind.array[op] === READ && (read < 0 || table.opKind.array[read] === READ);
  if (!isPlain) return agreesInFull(table, op, read, own);
  const list = table.longest[table.opKey.array[op]!]!;
  const length = table.opValue.array[op]!;
  if (read >= 0 && table.opValue.array[read]! + own.length !== length) return false;
  return length >= own.length && own.every((element, back) => list[length - 1 - back] === element);
}

function agreesInFull(table: TransactionTable, op: number, read: number, own: readonly number[]): boolean {
  const list = table.listRead(op);
  const known = read < 0 ? list.slice(0, Math.max(0, list.length - own.length)) : table.listRead(read);
  const expected = [...known, ...own.toReversed()];
  return expected.length === list.length && expected.every((element, place) => element === list[place]);
}

function expectation(table: TransactionTable, tell: Teller, previous: Int32Array, op: number): string {
  const before = previous[op]!;
  if (table.workload === "rw-register") {
    if (table.opKind.array[before] === WRITE) return `it had itself written ${tell.pair(table.opValue.array[before]!)}`;
    return `it had read ${tell.read(before)} just before`;
  }
  const { own, read } = sinceLastRead(table, previous, op);
  const appended =
    own.length === 0
      ? ""
      : `appended ${own
          .toReversed()
          .map((element) => tell.value(element))
          .join(", ")}`;
  if (read < 0) return `it had itself ${appended}`;
  const had = table.opKind.array[read] === READ || table.opKind.array[read] === READ_OTHER ? tell.read(read) : "";
  return `it had read ${had}${appended === "" ? "" : ` and ${appended}`} just before`;
}
