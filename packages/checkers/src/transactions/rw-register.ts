import { type Evidence, forEachRead, versionRead } from "./direct.ts";
import { type EdgeList, RW, RW_PROCESS, RW_REALTIME, WR, WW, WW_PROCESS, WW_REALTIME } from "./graph.ts";
import type { VersionOrder } from "./versions.ts";

/** By kind of edge between versions, the kind that it makes between transactions. */
const WW_OF = [WW, WW_PROCESS, WW_REALTIME];
const RW_OF = [RW, RW_PROCESS, RW_REALTIME];

/**
 * Registers with unique values: a read names its writer (wr), and what is known of the order of versions gives ww and rw
 * (Kingsbury and Alvaro 2020, section 5.2). A wr edge's witness is an element, that of the others an edge between versions.
 */
export function addRegisterEdges(evidence: Evidence, order: VersionOrder, edges: EdgeList): void {
  const { table, writers, external } = evidence;
  const readers = new Map<number, number[]>();
  forEachRead(table, (t, op) => {
    const key = table.opKey.array[op]!;
    if (external[op] === 0 || writers.spoiled[key] === 1) return;
    const element = versionRead(table, op);
    if (element >= 0) {
      const writer = writers.writer[element]!;
      if (writer < 0) return;
      edges.add(writer, t, WR, element);
    }
    const version = element < 0 ? order.initial(key) : element;
    const known = readers.get(version);
    if (known === undefined) readers.set(version, [t]);
    else if (known.at(-1) !== t) known.push(t);
  });
  addOverwrites(evidence, order, readers, edges);
}

function addOverwrites(
  { table, writers }: Evidence,
  { graph }: VersionOrder,
  readers: ReadonlyMap<number, readonly number[]>,
  edges: EdgeList,
): void {
  for (let version = 0; version < graph.nodes; version += 1) {
    const later: [number[], number[], number[]] = [[], [], []];
    for (let edge = graph.start[version]!; edge < graph.start[version + 1]!; edge += 1) {
      // Nothing comes before the initial version but by a circle, and circles have been taken out.
      if (graph.target[edge]! < table.elements.length) later[graph.kind[edge] as 0 | 1 | 2].push(edge);
    }
    for (const [kind, successors] of later.entries()) {
      if (successors.length === 0) continue;
      const writing = successors.map((edge) => writers.writer[graph.target[edge]!]!);
      if (version < table.elements.length) {
        const writer = writers.writer[version]!;
        for (const [place, edge] of successors.entries()) edges.add(writer, writing[place]!, WW_OF[kind]!, edge);
      }
      edges.addAll(readers.get(version) ?? [], writing, RW_OF[kind]!, successors);
    }
  }
}
