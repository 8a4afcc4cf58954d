import { stronglyConnected } from "./components.ts";
import type { Evidence } from "./direct.ts";
import type { Graph } from "./graph.ts";
import { Paths } from "./paths.ts";
import { BY_PROCESS, BY_REALTIME, BY_VALUE, type VersionOrder } from "./versions.ts";

const NAMES = ["cyclic versions", "cyclic versions-process", "cyclic versions-realtime"];

/**
 * Versions in a circle are an anomaly. The weakest inferences that lead into one are taken back for that key, so that no
 * edge between transactions rests on a contradiction.
 */
export function withoutCircles(evidence: Evidence, order: VersionOrder): VersionOrder {
  const { table, writers, findings } = evidence;
  const { graph } = order;
  const elements = table.elements.length;
  const keyOf = (version: number): number =>
    version < elements ? table.elements.key.array[version]! : version - elements;
  const trusted = new Int8Array(table.keys.length).fill(BY_REALTIME);
  for (const kind of [BY_VALUE, BY_PROCESS, BY_REALTIME]) {
    const mask = (2 << kind) - 1;
    const { of, count } = stronglyConnected(graph, mask);
    if (count === 0) continue;
    const paths = new Paths(graph);
    for (let version = 0; version < graph.nodes; version += 1) {
      const key = keyOf(version);
      if (of[version]! < 0 || trusted[key]! < kind) continue;
      trusted[key] = kind - 1;
      if (kind === BY_VALUE) writers.spoiled[key] = 1;
      findings.add(NAMES[kind]!, () => tellCircle(evidence, order, circleAt(graph, paths, of, mask, version), key));
    }
  }
  return { ...order, graph: filtered(graph, (version, kind) => kind <= trusted[keyOf(version)]!) };
}

/** The edges of a shortest circle through a version. */
function circleAt(graph: Graph, paths: Paths, of: Int32Array, mask: number, version: number): number[] {
  let best: number[] = [];
  for (let edge = graph.start[version]!; edge < graph.start[version + 1]!; edge += 1) {
    const next = graph.target[edge]!;
    if (of[next] !== of[version] || ((1 << graph.kind[edge]!) & mask) === 0) continue;
    const back = paths.shortest(of, mask, next, version);
    if (back !== undefined && (best.length === 0 || back.length + 1 < best.length)) best = [edge, ...back];
  }
  return best;
}

function tellCircle(
  { table, tell }: Evidence,
  { graph, because }: VersionOrder,
  circle: readonly number[],
  key: number,
): { reason: string; transactions: number[]; key: string } {
  const elements = table.elements.length;
  const name = (version: number): string => (version < elements ? tell.value(version) : JSON.stringify(table.initial));
  const transactions = new Set<number>();
  const sentences = circle.map((edge, place) => {
    const shown = causes({ because }, graph.witness[edge]!);
    for (const transaction of shown) if (transaction >= 0) transactions.add(transaction);
    const values = [name(graph.target[circle.at(place - 1)!]!), name(graph.target[edge]!)] as const;
    const why = explainOrder(tell.who.bind(tell), graph.kind[edge]!, shown, values);
    return `${values[0]} is older than ${values[1]}, because ${why}`;
  });
  const reason = `The values of ${tell.key(key)} cannot be put in order: ${sentences.join("; ")}.`;
  return { reason, transactions: [...transactions], key: tell.key(key) };
}

/** The two transactions that show an order of versions. */
export function causes({ because }: Pick<VersionOrder, "because">, witness: number): [earlier: number, later: number] {
  return [because.earlier.array[witness]!, because.later.array[witness]!];
}

/** Why one version is older than another; both are given as they are to be called. */
export function explainOrder(
  who: (transaction: number) => string,
  kind: number,
  [earlier, later]: readonly [earlier: number, later: number],
  [older, newer]: readonly [older: string, newer: string],
): string {
  if (earlier < 0) return `${older} was there before the first write`;
  if (earlier === later) return `${who(earlier)} had ${older} and then wrote ${newer}`;
  if (kind === BY_PROCESS) return `one client had ${older} in ${who(earlier)}, then ${newer} in ${who(later)}`;
  return `${who(earlier)}, which had ${older}, had returned before ${who(later)}, which had ${newer}, was called`;
}

/** The edges to be kept, one for each pair of versions: the surest, since edges come in the order in which they were inferred. */
function filtered(graph: Graph, keep: (version: number, kind: number) => boolean): Graph {
  const start = new Int32Array(graph.nodes + 1);
  const target = graph.target.slice();
  const kind = graph.kind.slice();
  const witness = graph.witness.slice();
  const reachedFrom = new Int32Array(graph.nodes).fill(-1);
  let kept = 0;
  for (let version = 0; version < graph.nodes; version += 1) {
    start[version] = kept;
    for (let edge = graph.start[version]!; edge < graph.start[version + 1]!; edge += 1) {
      const next = graph.target[edge]!;
      if (reachedFrom[next] === version || !keep(version, graph.kind[edge]!)) continue;
      reachedFrom[next] = version;
      target[kept] = next;
      kind[kept] = graph.kind[edge]!;
      witness[kept] = graph.witness[edge]!;
      kept += 1;
    }
  }
  start[graph.nodes] = kept;
  return { ...graph, start, target, kind, witness };
}
