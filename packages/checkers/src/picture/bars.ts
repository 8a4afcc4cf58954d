import { NEVER_RETURNED, type Operation } from "../history.ts";
import { escapeXml, shorten } from "./escape.ts";
import { describe, isReading } from "./label.ts";
import { BAR, barLabel, CHARACTER, isSame, PAD, type Paper, roomOf, round, type TimelineInput } from "./layout.ts";
import { identityOf } from "./points.ts";

/** The bars of one row, each a group that the page's script can move and stretch. @param top of the row */
export function bars(paper: Paper, row: readonly Operation[], top: number): string[] {
  return row.map((operation, index) => bar(paper, operation, row[index + 1], top + 6));
}

function bar(paper: Paper, operation: Operation, next: Operation | undefined, y: number): string {
  const { input, scale } = paper;
  const open = operation.return === NEVER_RETURNED;
  const x = round(scale.x(operation.call));
  const until = next === undefined ? scale.width - 4 : scale.x(next.call) - 3;
  const instant = operation.return === operation.call && input.roomy ? roomOf(operation) : 4;
  const width = round(Math.max(instant, (open ? until : scale.x(operation.return)) - x));
  const culprit = isSame(operation, input.culprit);
  const faded = input.lit !== undefined && !input.lit.has(identityOf(operation));
  const classes = [
    "op",
    isReading(operation) ? "read" : "",
    operation.outcome,
    culprit ? "culprit" : "",
    faded ? "faded" : "",
  ];
  const shape = open ? `<path class="bar" d="${openBar(width)}"/>` : `<rect width="${width}" height="${BAR}" rx="5"/>`;
  const room = Math.floor((width - PAD) / CHARACTER);
  const full = barLabel(operation);
  const text = shorten(full, Math.max(1, room));
  const shown = room < 2 ? "" : text;
  const attributes = input.zoomable === true ? ` data-label="${escapeXml(full)}"` : "";
  const flag = culprit ? flagOf(width, input.flag) : "";
  const title = titleOf(operation, input, culprit);
  const outer = `class="${classes.filter((name) => name !== "").join(" ")}" data-x="${x}" data-y="${y}" data-w="${width}"`;
  const words = `<text x="${PAD}" y="${BAR / 2 + 5}" direction="ltr" unicode-bidi="isolate">${escapeXml(shown)}</text>`;
  return `<g ${outer}${open ? ' data-open=""' : ""}${attributes} transform="translate(${x} ${y})"><title>${title}</title>${shape}${words}${flag}</g>`;
}

/** Without an end: the right side is torn. */
function openBar(width: number): string {
  const tooth = BAR / 4;
  const right = round(Math.max(8, width) - 6);
  return `M${right} 0H5q-5 0 -5 5V${BAR - 5}q0 5 5 5H${right}l6 ${-tooth}l-6 ${-tooth}l6 ${-tooth}z`;
}

function flagOf(width: number, flag: string): string {
  return `<g class="flagged" transform="translate(${width} 0)"><path class="cross" d="M9 7l12 12m0 -12l-12 12"/><text class="flag" x="28" y="18" paint-order="stroke" style="stroke: var(--paper); stroke-width: 5px">${flag}</text></g>`;
}

/** All that there is to know, line by line; a page shows it when the bar is pointed at. */
function titleOf(operation: Operation, { clock, points: order, roomy, flag }: TimelineInput, culprit: boolean): string {
  const lines = [describe(operation), clock.during(operation.call, operation.return)];
  const point = order?.get(identityOf(operation));
  if (point?.before !== undefined)
    lines.push(`in the order that was possible: ${point.before} before, ${point.after} after`);
  if (culprit) lines.push(`${flag}: see the sentence above`);
  const most = Math.floor((roomy ? 2_000 : 500) / lines.length);
  return lines.map((line) => escapeXml(shorten(line, most))).join("&#10;");
}
