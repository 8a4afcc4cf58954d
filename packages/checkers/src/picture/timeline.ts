import { NEVER_RETURNED } from "../history.ts";
import type { Fault } from "../readers/history-file.ts";
import { bars } from "./bars.ts";
import { brief, escapeXml, shorten } from "./escape.ts";
import { isReading } from "./label.ts";
import { BAR, FAULT_ROW, isSame, layOut, NODE_ROW, type Paper, ROW, round, type TimelineInput, TOP } from "./layout.ts";
import { orderLine, orderNumbers } from "./order-line.ts";
import { type Tick, ticksOf } from "./scale.ts";

const AXIS = 40;
const TICK = 76;
/** As far as the page zooms at first. */
const MOST_ZOOM = 8;
const NAMES = 92;

/** Two drawings of one height: names of the lines at the left, which may stay while the right one is scrolled. */
export interface Timeline {
  readonly names: string;
  readonly namesWidth: number;
  readonly body: string;
  readonly width: number;
  readonly height: number;
  /** How many faults are in it. */
  readonly faults: number;
}

export function drawTimeline(input: TimelineInput): Timeline {
  const paper = layOut(input);
  const height = paper.bottom + AXIS;
  const body = [
    hatch(input.id),
    stripes(paper),
    axis(paper),
    ...paper.faultRows.flatMap((row, index) => row.map((fault) => faultBand(paper, fault, index))),
    orderLine(paper),
    ...culpritLast(
      paper.lanes.flatMap(({ lane, top }) => lane.rows.flatMap((row, index) => bars(paper, row, top + index * ROW))),
    ),
    ...answers(paper),
    orderNumbers(paper),
  ];
  const faults = paper.faultRows.flat().length;
  return {
    names: names(paper),
    namesWidth: NAMES,
    body: body.join("\n"),
    width: Math.ceil(paper.scale.width),
    height,
    faults,
  };
}

/** So that nothing lies over what is to be seen first. */
function culpritLast(drawn: readonly string[]): string[] {
  const isCulprit = (bar: string): boolean => /^<g class="[^"]*\bculprit\b/.test(bar);
  return [...drawn.filter((bar) => !isCulprit(bar)), ...drawn.filter(isCulprit)];
}

function hatch(id: string): string {
  return `<defs><pattern id="${id}-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="8" style="stroke: var(--fault); stroke-width: 2.6"/></pattern></defs>`;
}

function stripes({ lanes, scale, nodes, middle }: Paper): string {
  const width = round(scale.width);
  const clients = lanes.flatMap(({ lane, top }, index) =>
    index % 2 === 0
      ? []
      : [`<rect class="stripe" data-wide="" x="0" y="${top}" width="${width}" height="${lane.rows.length * ROW}"/>`],
  );
  const line = `<line class="grid" data-wide="" x1="0" x2="${width}" y1="${middle + 6}" y2="${middle + 6}"/>`;
  return [...clients, ...(nodes.length === 0 ? [] : [line])].join("\n");
}

function axis({ input, scale, bottom }: Paper): string {
  const events = input.operations.flatMap(({ call, return: end }) => (end === NEVER_RETURNED ? [call] : [call, end]));
  const coarse = ticksOf(events, scale, input.clock, TICK);
  const labels = new Set(coarse.map(({ label }) => label));
  const fine = input.zoomable === true ? ticksOf(events, scale, input.clock, TICK / MOST_ZOOM) : [];
  const tick = ({ x, label }: Tick, hidden: string): string =>
    `<g class="tick" data-x="${round(x)}" transform="translate(${round(x)} 0)"${hidden}><line class="grid" y1="${TOP - 8}" y2="${bottom + 6}"/><text class="soft" y="${bottom + 22}" text-anchor="middle">${escapeXml(label)}</text></g>`;
  const ticks = [
    ...coarse.map((one) => tick(one, "")),
    // For the page's script, where there is room between the others.
    ...fine.filter(({ label }) => !labels.has(label)).map((one) => tick(one, ' style="display: none"')),
  ];
  const cuts = scale.cuts.map(
    (x) =>
      `<g class="tick" data-x="${round(x)}" data-y="${bottom + 6}" transform="translate(${round(x)} ${bottom + 6})"><path class="cut" d="M-5 5L-1 -5M1 5L5 -5"/><title>idle time, drawn shorter</title></g>`,
  );
  return [...ticks, ...cuts].join("\n");
}

function faultBand({ input, scale, bottom }: Paper, fault: Fault, row: number): string {
  const from = scale.x(fault.from);
  const to = fault.to === NEVER_RETURNED ? scale.width : Math.max(from + 3, scale.x(fault.to));
  const top = TOP - 6 + row * FAULT_ROW;
  const about = fault.about === undefined ? "" : ` ${brief(fault.about)}`;
  const text = shorten(`${brief(fault.name)}${about}`, 60);
  const [x, width] = [round(from), round(to - from)];
  const title = `${brief(fault.name)}${about}, ${input.clock.during(fault.from, fault.to)}`;
  return `<g class="fault" data-x="${x}" data-w="${width}"><title>${escapeXml(title)}</title>
<rect class="band" x="${x}" y="${top}" width="${width}" height="16" fill="url(#${input.id}-hatch)"/>
<rect class="tint" x="${x}" y="${top + 16}" width="${width}" height="${bottom - top - 16}" fill="url(#${input.id}-hatch)"/>
<text class="name" x="${x + 4}" y="${top + 12}" paint-order="stroke" style="stroke: var(--paper); stroke-width: 5px">${escapeXml(text)}</text></g>`;
}

function names({ input, lanes, nodes, middle, bottom }: Paper): string {
  const { sign } = input.clock;
  const clients = lanes.map(({ lane, top }) => {
    const { processes } = lane;
    const name = processes.length === 1 ? `client ${processes[0]}` : `clients ${processes[0]}…`;
    const full = processes.length === 1 ? name : `clients ${processes.join(", ")}, one after the other`;
    return `<text x="8" y="${top + BAR / 2 + 8}">${escapeXml(name)}<title>${escapeXml(full)}</title></text>`;
  });
  const servers = nodes.map(
    (node, index) =>
      `<text x="8" y="${middle + 12 + index * NODE_ROW + 16}">${escapeXml(brief(node, 11))}<title>${escapeXml(`what ${brief(node)} answered`)}</title></text>`,
  );
  const rule = `<line class="grid" x1="${NAMES - 1}" x2="${NAMES - 1}" y1="${TOP - 8}" y2="${bottom + 6}"/>`;
  const title = `<text class="soft" x="8" y="${bottom + 22}">${escapeXml(sign === "" ? "order" : `time, ${sign}`)}</text>`;
  return [...clients, ...servers, rule, title].join("\n");
}

/** What each server answered, and when: where its faults can be seen beside it. */
function answers({ input, scale, nodes, middle }: Paper): string[] {
  return input.operations.flatMap((operation) => {
    if (operation.node === undefined || operation.return === NEVER_RETURNED) return [];
    const y = middle + 12 + nodes.indexOf(operation.node) * NODE_ROW + 7;
    const x = round(scale.x(operation.call));
    const width = round(Math.max(3, scale.x(operation.return) - x));
    const culprit = isSame(operation, input.culprit);
    const cross = culprit
      ? `<g class="flagged" transform="translate(${width} 0)"><path class="cross" d="M${x + 6} ${y}l10 10m0 -10l-10 10"/></g>`
      : "";
    const classes = `answer${isReading(operation) ? " read" : ""}${culprit ? " culprit" : ""}`;
    return `<g class="${classes}" data-x="${x}" data-w="${width}"><rect x="${x}" y="${y}" width="${width}" height="10" rx="3"/>${cross}</g>`;
  });
}
