import { type Evidence, forEachRead } from "./direct.ts";
import { type EdgeList, RW, WR, WW } from "./graph.ts";
import { READ_OTHER } from "./table.ts";

/**
 * List-append: a read shows the whole history of its key, so that the longest one gives the order of its versions
 * (Kingsbury and Alvaro 2020, section 4.2.2: traceability and recoverability).
 *
 * First what the lists prove alone. Keys whose lists contradict each other are spoiled: nothing more is inferred from them.
 */
export function findListAnomalies(evidence: Evidence): void {
  findDuplicateElements(evidence);
  findIncompatibleOrders(evidence);
  findDirtyUpdates(evidence);
}

function findDuplicateElements({ table, writers, tell, findings }: Evidence): void {
  const report = (key: number, list: readonly number[], reader: number): void => {
    const twice =
      new Set(list).size === list.length ? undefined : list.find((one, place) => list.indexOf(one) !== place);
    if (twice === undefined) return;
    writers.spoiled[key] = 1;
    if (writers.ambiguousKeys.has(key)) return; // what two appended may well be there twice
    findings.add("duplicate elements", () => ({
      reason: `${tell.who(reader)} read ${tell.key(key)} = ${tell.list(list)}, with ${tell.value(twice)} in it twice, although it was appended once.`,
      transactions: [reader],
      key: tell.key(key),
      culprit: reader,
    }));
  };
  for (const [key, list] of table.longest.entries()) {
    // Where nothing is there twice, the last element's place is that of its last mention, so all places fit.
    if (list.some((element, place) => writers.position[element] !== place)) {
      report(key, list, table.longestReader.array[key]!);
    }
  }
  forEachRead(table, (t, op) => {
    if (table.opKind.array[op] === READ_OTHER) report(table.opKey.array[op]!, table.listRead(op), t);
  });
}

function findIncompatibleOrders({ table, writers, tell, findings }: Evidence): void {
  forEachRead(table, (t, op) => {
    if (table.opKind.array[op] !== READ_OTHER) return;
    const key = table.opKey.array[op]!;
    const longest = table.longest[key]!;
    writers.spoiled[key] = 1;
    if (writers.ambiguousKeys.has(key)) return; // what two appended may be in two orders
    const reader = table.longestReader.array[key]!;
    findings.add("incompatible order", () => ({
      reason: `${tell.who(reader)} read ${tell.key(key)} = ${tell.list(longest)} and ${tell.who(t)} read ${tell.read(op)}: lists only grow at their end, so one of them must begin with the other.`,
      transactions: reader === t ? [t] : [reader, t],
      key: tell.key(key),
      culprit: t,
    }));
  });
}

/** A committed append to a list that still held what an aborted transaction had appended. */
function findDirtyUpdates({ table, writers, tell, findings }: Evidence): void {
  for (const [key, list] of table.longest.entries()) {
    if (writers.spoiled[key] === 1) continue;
    const place = list.findIndex((element) => writers.abortedWriter[element]! >= 0);
    const next = place < 0 ? undefined : list.slice(place).find((element) => writers.writer[element]! >= 0);
    if (next === undefined) continue;
    const dirty = list[place]!;
    const aborted = writers.abortedWriter[dirty]!;
    const updater = writers.writer[next]!;
    findings.add("dirty update", () => ({
      reason: `${tell.who(updater)} appended ${tell.value(next)} to ${tell.key(key)} after the ${tell.value(dirty)} of ${tell.who(aborted)}, which was aborted: ${tell.order(next, writers.position[next]!)}.`,
      transactions: [aborted, updater],
      key: tell.key(key),
      culprit: updater,
    }));
  }
}

/** Who appended to the key without ever being seen, though it committed; and who read all that anybody saw. */
interface Tail {
  readonly readers: number[];
  readonly unseen: number[];
}

/** The edges ww, wr and rw. Each edge's witness is an element: the one appended later, read, or missing from the read. */
export function addListEdges(evidence: Evidence, edges: EdgeList): void {
  const { table, writers, external } = evidence;
  const tails = findUnseen(evidence);
  for (const [key, list] of table.longest.entries()) {
    if (writers.spoiled[key] === 1) continue;
    let last = -1;
    for (const element of list) {
      const writer = writers.writer[element]!;
      if (writer < 0) continue;
      if (last >= 0) edges.add(last, writer, WW, element);
      last = writer;
    }
    const unseen = tails.get(key)?.unseen ?? [];
    if (last >= 0) for (const element of unseen) edges.add(last, writers.writer[element]!, WW, element);
  }
  forEachRead(table, (t, op) => {
    const key = table.opKey.array[op]!;
    if (external[op] === 0 || writers.spoiled[key] === 1) return;
    const list = table.longest[key]!;
    const length = table.opValue.array[op]!;
    let seen = length - 1;
    while (seen >= 0 && writers.writer[list[seen]!]! < 0) seen -= 1;
    if (seen >= 0) edges.add(writers.writer[list[seen]!]!, t, WR, list[seen]!);
    let missed = length;
    while (missed < list.length && writers.writer[list[missed]!]! < 0) missed += 1;
    if (missed < list.length) edges.add(t, writers.writer[list[missed]!]!, RW, list[missed]!);
    else tails.get(key)?.readers.push(t);
  });
  for (const { readers, unseen } of tails.values()) {
    const appenders = unseen.map((element) => writers.writer[element]!);
    edges.addAll(readers, appenders, RW, unseen);
  }
}

/** Whatever nobody saw comes after all that somebody saw, in an order that nobody knows. */
function findUnseen({ table, writers }: Evidence): Map<number, Tail> {
  const tails = new Map<number, Tail>();
  for (let element = 0; element < table.elements.length; element += 1) {
    const writer = writers.writer[element]!;
    const key = table.elements.key.array[element]!;
    const isUnseen = writers.position[element]! < 0 && writer >= 0 && writers.committed[writer] === 1;
    if (!isUnseen || writers.spoiled[key] === 1) continue;
    const tail = tails.get(key);
    if (tail === undefined) tails.set(key, { readers: [], unseen: [element] });
    else tail.unseen.push(element);
  }
  return tails;
}
