import type { Operation } from "../history.ts";
import type { Violation, ViolationEdge } from "../verdict.ts";
import type { Clock } from "./clock.ts";
import { brief, escapeXml, shorten } from "./escape.ts";
import { inUnits } from "./explain.ts";
import { describe, labelOf, microLabel, microOperations } from "./label.ts";
import { wrap } from "./wrap.ts";

/** A drawing of a cycle, from above to below: each step of it leads down, the last one back up. */
export interface Cycle {
  readonly body: string;
  readonly width: number;
  readonly height: number;
}

/** What the kinds of edges mean, read along the arrow, in a few words. */
const EDGE_KINDS: Readonly<Record<string, string>> = {
  ww: "was overwritten by",
  wr: "was read by",
  rf: "was read by",
  rw: "did not see",
  realtime: "was over before",
  process: "same client, before",
  po: "same client, before",
  co: "happened before",
};

const LEFT = 52;
const BOX = 268;
const LINE = 17;
const GAP = 62;
const MOST_LINES = 6;
const SENTENCE = 62;
const CHARACTER = 7.1;

interface Box {
  readonly operation: Operation;
  readonly name: string;
  readonly lines: readonly string[];
  readonly top: number;
  readonly height: number;
}

/** @param sentences whether each edge's sentence is written beside it. */
export function drawCycle(violation: Violation, clock: Clock, sentences: boolean): Cycle {
  const edges = violation.edges ?? [];
  const boxes = placeBoxes(violation, edges, clock);
  const last = boxes.at(-1);
  const height = last === undefined ? 0 : last.top + last.height + 24;
  const places = placesOf(edges);
  const drawn = edges.map((edge, index) => drawEdge(edge, index, places, boxes, sentences ? clock : undefined));
  const width = LEFT + BOX + 24 + (sentences ? SENTENCE * CHARACTER : 34);
  return { body: [...boxes.map(drawBox), ...drawn].join("\n"), width: Math.round(width), height };
}

/** "T1" if the first of the violation's operations is a transaction, as checkers name them; else its number. */
export function nameOf({ operations }: Violation, place: number): string {
  return operations[place]?.f === "txn" ? `T${place + 1}` : String(place + 1);
}

/** In the order in which the edges lead around; by place in the violation's operations. */
export function placesOf(edges: readonly ViolationEdge[]): number[] {
  const places: number[] = [];
  const next = new Map<number, number>();
  for (const { from, to } of edges) if (!next.has(from)) next.set(from, to);
  for (const { from } of edges) {
    for (
      let place: number | undefined = from;
      place !== undefined && !places.includes(place);
      place = next.get(place)
    ) {
      places.push(place);
    }
  }
  for (const { to } of edges) if (!places.includes(to)) places.push(to);
  return places;
}

function placeBoxes(violation: Violation, edges: readonly ViolationEdge[], clock: Clock): Box[] {
  let top = 8;
  return placesOf(edges).flatMap((place) => {
    const operation = violation.operations[place];
    if (operation === undefined) return [];
    const lines = linesOf(operation);
    const height = 28 + lines.length * LINE + 8;
    const node = operation.node === undefined ? "" : ` at ${brief(operation.node, 12)}`;
    const name = `${nameOf(violation, place)} · client ${operation.process}${node} · ${clock.at(operation.call)}`;
    const box = { operation, name, lines, top, height };
    top += height + GAP;
    return [box];
  });
}

function linesOf(operation: Operation): string[] {
  const micro = microOperations(operation).map(microLabel);
  const all = micro.length === 0 ? [`${brief(JSON.stringify(operation.key), 16)} ${labelOf(operation)}`] : micro;
  const shown =
    all.length <= MOST_LINES ? all : [...all.slice(0, MOST_LINES - 1), `… ${all.length - MOST_LINES + 1} more`];
  return shown.map((line) => shorten(line, 34));
}

function drawBox({ operation, name, lines, top, height }: Box): string {
  const texts = lines.map((line, index) => text(LEFT + 12, top + 42 + index * LINE, line));
  return `<g class="txn" tabindex="0"><title>${escapeXml(shorten(describe(operation), 2_000))}</title><rect x="${LEFT}" y="${top}" width="${BOX}" height="${height}" rx="7"/><rect class="head" x="${LEFT + 1}" y="${top + 1}" width="${BOX - 2}" height="25" rx="6"/>${text(LEFT + 12, top + 18, shorten(name, 35))}${texts.join("")}</g>`;
}

function text(x: number, y: number, content: string): string {
  return `<text x="${x}" y="${y}" direction="ltr" unicode-bidi="isolate">${escapeXml(content)}</text>`;
}

function drawEdge(
  edge: ViolationEdge,
  index: number,
  places: readonly number[],
  boxes: readonly Box[],
  clock: Clock | undefined,
): string {
  const from = boxes[places.indexOf(edge.from)];
  const to = boxes[places.indexOf(edge.to)];
  if (from === undefined || to === undefined) return "";
  const down = places.indexOf(edge.to) === places.indexOf(edge.from) + 1;
  const kind = edge.kind.replace(/[^\w-]/g, "");
  const [path, head, x, y] = down ? downward(from, to) : around(from, to, index);
  const meaning = EDGE_KINDS[edge.kind];
  const lines = clock !== undefined && down ? wrap(inUnits(brief(edge.because, 400), clock), SENTENCE, 3) : [];
  const beside = down && meaning !== undefined && lines.length === 0 ? prose(x + 46, y + 4, meaning) : "";
  const told = lines.map((line, row) => prose(LEFT + BOX + 20, y - 8 + row * 16, line)).join("");
  const back = clock !== undefined && !down ? backSentence(edge, from, clock) : "";
  return `<g><title>${escapeXml(brief(edge.because, 2_000))}</title><path class="edge ${kind}" d="${path}"/><path class="head-of ${kind}" d="${head}"/>${kindLabel(x, y, edge.kind)}${beside}${told}${back}</g>`;
}

/** The sentence of a way back stands beside the box where it begins. */
function backSentence(edge: ViolationEdge, from: Box, clock: Clock): string {
  return wrap(inUnits(brief(edge.because, 400), clock), SENTENCE, 3)
    .map((line, row) =>
      prose(LEFT + BOX + 20, from.top + from.height / 2 + 4 + row * 16, `${row === 0 ? "↑ " : ""}${line}`),
    )
    .join("");
}

type Route = readonly [path: string, head: string, labelX: number, labelY: number];

function downward(from: Box, to: Box): Route {
  const x = LEFT + BOX / 2;
  const start = from.top + from.height;
  return [`M${x} ${start}V${to.top - 9}`, headAt(x, to.top, 0), x, (start + to.top) / 2 - 3];
}

function around(from: Box, to: Box, index: number): Route {
  const x = 14 + (index % 3) * 5;
  const start = from.top + from.height / 2 + 6;
  const end = to.top + 13;
  const path = `M${LEFT} ${start}H${x + 10}Q${x} ${start} ${x} ${start + (end < start ? -10 : 10)}V${end + (end < start ? 10 : -10)}Q${x} ${end} ${x + 10} ${end}H${LEFT - 9}`;
  return [path, headAt(LEFT, end, 90), x + 10, (start + end) / 2];
}

/** An arrow's head whose point is at (x, y): downwards, or to the right. */
function headAt(x: number, y: number, turn: 0 | 90): string {
  return turn === 0 ? `M${x} ${y}l-6 -11h12z` : `M${x} ${y}l-11 -6v12z`;
}

function kindLabel(x: number, y: number, kind: string): string {
  const content = brief(kind, 10);
  const width = content.length * 7.4 + 12;
  const left = Math.max(1, x - width / 2);
  return `<g class="kind"><rect x="${left}" y="${y - 10}" width="${width}" height="20" rx="10"/><text x="${left + width / 2}" y="${y + 4}" text-anchor="middle">${escapeXml(content)}</text></g>`;
}

function prose(x: number, y: number, content: string): string {
  return `<text class="prose soft" x="${x}" y="${y}">${escapeXml(content)}</text>`;
}
