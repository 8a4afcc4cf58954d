import { FAIL, OK, READ, READ_OTHER, type TransactionTable, UNKNOWN, WRITE } from "./table.ts";

/** Who wrote what, who certainly committed, and which keys cannot be judged. */
export interface Writers {
  /** By element: the transaction that may have committed it, or -1. */
  readonly writer: Int32Array;
  /** By element: a transaction that failed to write it, if no other tried; or -1. */
  readonly abortedWriter: Int32Array;
  /** By element: 1 if it is the last that its transaction wrote to the key. */
  readonly isFinal: Uint8Array;
  /** By element: its place in the key's longest list; -1 if nobody who is part of that list saw it. Lists only. */
  readonly position: Int32Array;
  /** By transaction: 1 if it was answered, or if somebody whom the system answered read what it wrote. */
  readonly committed: Uint8Array;
  /** By key: 1 if nothing can be inferred from it. */
  readonly spoiled: Uint8Array;
  /** Keys that got the same value twice, which makes it impossible to tell who wrote what: an element of each. */
  readonly ambiguousKeys: ReadonlyMap<number, number>;
}

export function findWriters(table: TransactionTable): Writers {
  const elements = table.elements.length;
  const writers: Mutable = {
    writer: new Int32Array(elements).fill(-1),
    abortedWriter: new Int32Array(elements).fill(-1),
    isFinal: new Uint8Array(elements),
    position: new Int32Array(elements).fill(-1),
    committed: new Uint8Array(table.length),
    spoiled: new Uint8Array(table.keys.length),
    ambiguousKeys: new Map<number, number>(),
  };
  const lastWrite = new Int32Array(table.keys.length).fill(-1);
  for (let t = 0; t < table.length; t += 1) {
    if (table.outcome.array[t] === OK) writers.committed[t] = 1;
    const first = table.first.array[t]!;
    for (let op = table.end(t) - 1; op >= first; op -= 1) {
      if (table.opKind.array[op] !== WRITE) continue;
      const key = table.opKey.array[op]!;
      const isLast = lastWrite[key] !== t;
      lastWrite[key] = t;
      addWrite(table, writers, t, op, isLast);
    }
  }
  for (let element = 0; element < elements; element += 1) {
    if (writers.writer[element]! >= 0) writers.abortedWriter[element] = -1;
  }
  for (const list of table.longest) for (const [place, element] of list.entries()) writers.position[element] = place;
  commitWhatWasRead(table, writers);
  return writers;
}

type Mutable = Writers & { ambiguousKeys: Map<number, number> };

function addWrite(table: TransactionTable, writers: Mutable, t: number, op: number, isLast: boolean): void {
  const key = table.opKey.array[op]!;
  const element = table.opValue.array[op]!;
  if (table.outcome.array[t] === FAIL) {
    writers.abortedWriter[element] = t;
    return;
  }
  const other = writers.writer[element]!;
  const isInitial = table.workload === "rw-register" && table.elements.value(element) === table.initial;
  if (other >= 0 || isInitial) {
    writers.spoiled[key] = 1;
    writers.ambiguousKeys.set(key, element);
  }
  writers.writer[element] = t;
  writers.isFinal[element] = isLast ? 1 : 0;
}

/** What was read exists: a transaction that nobody answered, and one of whose writes was read, did commit. */
function commitWhatWasRead(table: TransactionTable, writers: Writers): void {
  const commit = (element: number): void => {
    const writer = writers.writer[element]!;
    if (writer >= 0 && table.outcome.array[writer] === UNKNOWN) writers.committed[writer] = 1;
  };
  for (const list of table.longest) for (const element of list) commit(element);
  for (let op = 0; op < table.opKind.length; op += 1) {
    const value = table.opValue.array[op]!;
    if (table.opKind.array[op] === READ_OTHER) for (const element of table.listRead(op)) commit(element);
    else if (table.opKind.array[op] === READ && table.workload === "rw-register" && value >= 0) commit(value);
  }
}
