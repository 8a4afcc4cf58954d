import type { Limits } from "../verdict.ts";
import { Ints } from "./columns.ts";
import { stronglyConnected } from "./components.ts";
import {
  bits,
  CONTINUED,
  type Graph,
  PROCESS,
  REALTIME,
  RW,
  RW_PROCESS,
  RW_REALTIME,
  WR,
  WW,
  WW_PROCESS,
  WW_REALTIME,
} from "./graph.ts";
import { Meter, Paths } from "./paths.ts";
import { onCycles, withoutAdjacent } from "./subgraphs.ts";

/** One step of a cycle between transactions, auxiliary nodes left out. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  readonly witness: number;
}

/** Edges of a kind of cycle at three levels: of the data alone, with the order of clients, with real time. */
interface Level {
  readonly suffix: "" | "-process" | "-realtime";
  readonly ww: number;
  readonly rw: number;
  /** At least one of these is in a cycle of this level. */
  readonly own: number;
}

const RW_KINDS = bits(RW, RW_PROCESS, RW_REALTIME);
const PROCESS_KINDS = bits(PROCESS, WW_PROCESS, RW_PROCESS);
const REALTIME_KINDS = bits(REALTIME, WW_REALTIME, RW_REALTIME);
const INFERRED_WW = bits(WW_PROCESS, WW_REALTIME);

const LEVELS: readonly Level[] = [
  { suffix: "", ww: bits(WW, CONTINUED), rw: bits(RW), own: -1 },
  { suffix: "-process", ww: bits(WW, CONTINUED, PROCESS, WW_PROCESS), rw: bits(RW, RW_PROCESS), own: PROCESS_KINDS },
  {
    suffix: "-realtime",
    ww: bits(WW, CONTINUED, PROCESS, WW_PROCESS, REALTIME, WW_REALTIME),
    rw: RW_KINDS,
    own: REALTIME_KINDS,
  },
];

/** Cycles of one sort looked for, beyond which only the number of all is not exact. */
const ENOUGH = 1_000;
/** Edges looked at from each starting edge before it is left for later: short cycles are close by. */
const CLOSE_BY = 500;
/** Nodes on cycles beyond which only that is looked for which rules out more. */
const LARGE = 100_000;
/** Edges looked at in all for one sort of cycle. */
const MOST_STEPS = 20_000_000;

type Report = (name: string, rules: readonly string[], steps: readonly Step[]) => void;

/**
 * @param isNews does a cycle of this name rule out a model that is not ruled out yet? In a large graph only such are looked for.
 * @returns the names of the sorts of cycle that the search gave up on.
 */
export function findCycles(
  graph: Graph,
  limits: Limits,
  report: Report,
  isNews: (name: string) => boolean,
): readonly string[] {
  const whole = onCycles(graph, stronglyConnected(graph, -1));
  const gaveUp = new Set<string>();
  for (const level of LEVELS) {
    if (whole.graph.nodes === 0) break;
    const mask = level.ww | level.rw | bits(WR);
    const { graph: part, original } = onCycles(whole.graph, stronglyConnected(whole.graph, mask));
    if (part.nodes === 0) continue;
    const rows = original.map((node) => whole.original[node]!);
    const seen = new Set<string>();
    for (const sort of sortsOf(level)) {
      if (part.nodes > LARGE && !isNews(sort.name)) continue;
      const cycles: { readonly name: string; readonly steps: readonly Step[] }[] = [];
      const isDone = search(part, sort, limits, (edges) => {
        const steps = stepsOf(part, edges, rows);
        const name = nameOf(steps);
        const id = edges.toSorted((a, b) => a - b).join();
        // A cycle of another sort was found before, unless that search gave up.
        if (!seen.has(id) && (name === sort.name || gaveUp.delete(name))) cycles.push({ name, steps });
        seen.add(id);
        return cycles.length >= ENOUGH;
      });
      cycles.sort((a, b) => a.steps.length - b.steps.length);
      for (const { name, steps } of cycles) report(shownName(name, steps), rulesOf(name, steps), steps);
      if (!isDone && !cycles.some(({ name }) => name === sort.name)) gaveUp.add(sort.name);
    }
  }
  return [...gaveUp];
}

/** A sort of cycle: one edge of `first`, and a way back over edges of `rest`. */
interface Sort {
  readonly name: string;
  readonly first: number;
  readonly rest: number;
  /** No two rw edges may be next to each other. */
  readonly nonadjacent?: true;
}

/** Worst first, as far as Adya's order goes: G0, G1c, then the anti-dependencies from few to many. */
function sortsOf({ suffix, ww, rw, own }: Level): readonly Sort[] {
  const wr = bits(WR);
  const sorts: Sort[] = [
    { name: `G0${suffix}`, first: ww & own & ~bits(CONTINUED), rest: ww },
    { name: `G1c${suffix}`, first: wr, rest: ww | wr },
    { name: `G-single${suffix}`, first: rw, rest: ww | wr },
    { name: `G-nonadjacent${suffix}`, first: rw, rest: ww | wr | rw, nonadjacent: true },
    { name: `G2-item${suffix}`, first: rw, rest: ww | wr | rw },
  ];
  // Causal consistency forbids fewer of the cycles with one rw, so those that it forbids are looked for by themselves.
  return suffix === "" ? sorts.toSpliced(2, 0, { name: "G-single", first: rw, rest: wr | bits(CONTINUED) }) : sorts;
}

/** First close by each edge, then, if that found nothing, as far as it takes. @returns false if it gave up. */
function search(part: Graph, sort: Sort, limits: Limits, found: (edges: readonly number[]) => boolean): boolean {
  const doubled = sort.nonadjacent ? withoutAdjacent(part, sort.rest, RW_KINDS) : undefined;
  const graph = doubled?.graph ?? part;
  const { of, count } = stronglyConnected(graph, sort.first | sort.rest);
  if (count === 0) return true;
  const paths = new Paths(graph);
  const meter = new Meter({ maxSteps: MOST_STEPS, ...limits });
  let left = firstEdges(graph, of, sort.first);
  let hasFound = false;
  for (const most of [CLOSE_BY, Number.POSITIVE_INFINITY]) {
    const later: Anchors = { node: new Ints(), edge: new Ints() };
    for (let place = 0; place < left.edge.length; place += 1) {
      const node = left.node.array[place]!;
      const edge = left.edge.array[place]!;
      const near = new Meter({ maxSteps: most });
      const back = paths.shortest(of, sort.rest, graph.target[edge]!, node, near);
      if (!meter.spend(near.steps)) return false;
      if (back === undefined) {
        if (near.isStopped) addAnchor(later, node, edge);
        continue;
      }
      hasFound = true;
      if (found([edge, ...back].map((one) => doubled?.edgeOf[one] ?? one))) return true;
    }
    if (hasFound) return true;
    left = later;
  }
  return true;
}

/** Edges to start from, with their sources. */
interface Anchors {
  readonly node: Ints;
  readonly edge: Ints;
}

function addAnchor(anchors: Anchors, node: number, edge: number): void {
  anchors.node.push(node);
  anchors.edge.push(edge);
}

/** The edges of these kinds that lie on cycles. */
function firstEdges(graph: Graph, of: Int32Array, kinds: number): Anchors {
  const anchors: Anchors = { node: new Ints(), edge: new Ints() };
  for (let node = 0; node < graph.nodes; node += 1) {
    if (of[node]! < 0) continue;
    for (let edge = graph.start[node]!; edge < graph.start[node + 1]!; edge += 1) {
      const isOnCycle = of[graph.target[edge]!] === of[node];
      if (isOnCycle && ((1 << graph.kind[edge]!) & kinds) !== 0) addAnchor(anchors, node, edge);
    }
  }
  return anchors;
}

/** Leaves out auxiliary nodes: an edge to one and those that continue it are one step. */
function stepsOf(graph: Graph, edges: readonly number[], rows: Int32Array): readonly Step[] {
  const steps: { from: number; to: number; kind: number; witness: number }[] = [];
  let at = edges.length === 0 ? -1 : graph.target[edges.at(-1)!]!;
  for (const edge of edges) {
    const to = graph.target[edge]!;
    const kind = graph.kind[edge]!;
    const last = steps.at(-1);
    if (kind === CONTINUED && last !== undefined) {
      last.to = rows[to]!;
      last.witness = graph.witness[edge]!;
    } else steps.push({ from: rows[at]!, to: rows[to]!, kind, witness: graph.witness[edge]! });
    at = to;
  }
  return steps;
}

/** Adya's names; "nonadjacent" after Cerone and Gotsman. */
export function nameOf(steps: readonly Step[]): string {
  const kinds = steps.reduce((mask, { kind }) => mask | (1 << kind), 0);
  const isRw = (place: number): boolean => ((1 << steps.at(place)!.kind) & RW_KINDS) !== 0;
  const count = steps.filter((_, place) => isRw(place)).length;
  const areAdjacent = steps.some((_, place) => isRw(place) && isRw(place - 1));
  let name = "G2-item";
  if (count === 0) name = (kinds & bits(WR)) === 0 ? "G0" : "G1c";
  else if (count === 1) name = "G-single";
  else if (!areAdjacent) name = "G-nonadjacent";
  if ((kinds & REALTIME_KINDS) !== 0) return `${name}-realtime`;
  return (kinds & PROCESS_KINDS) === 0 ? name : `${name}-process`;
}

function shownName(name: string, steps: readonly Step[]): string {
  return name === "G-nonadjacent" && isLongFork(steps) ? "long fork" : name;
}

/** Two readers who disagree on which of two independent writes came first. */
function isLongFork(steps: readonly Step[]): boolean {
  if (steps.length !== 4) return false;
  return steps.every(({ kind }, place) => kind === (steps[0]!.kind === RW ? [RW, WR] : [WR, RW])[place % 2]);
}

/** What a cycle proves, where its name alone says too little or too much. */
function rulesOf(name: string, steps: readonly Step[]): readonly string[] {
  if (name === "G-nonadjacent") return isLongFork(steps) ? [name, "long fork"] : [name];
  if (name === "G-single" && steps.every(({ kind }) => kind === RW || kind === WR)) {
    return steps.length === 2 ? [name, "causality violation", "fractured read"] : [name, "causality violation"];
  }
  // The order of versions that such an edge rests on is only certain where snapshots follow that order, too.
  const isInferred = steps.some(({ kind }) => ((1 << kind) & INFERRED_WW) !== 0);
  if (isInferred && /^G[01]/.test(name)) return [name.replace(/^G(?:0|1c)/, "G-nonadjacent")];
  return [name];
}
