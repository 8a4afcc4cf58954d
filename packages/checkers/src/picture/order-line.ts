import { NEVER_RETURNED, type Operation } from "../history.ts";
import { isSame, type Paper, ROW, round } from "./layout.ts";

/** The order that was found, drawn through the bars: each operation's instant lies between its ends. */
export function orderLine(paper: Paper): string {
  const placed = placedPoints(paper);
  if (placed.length === 0) return "";
  const path = placed.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
  const culprit = placeOf(paper, paper.input.culprit);
  const last = placed.at(-1) as { x: number; y: number };
  const stuck =
    culprit === undefined
      ? ""
      : `<polyline class="order stuck" data-points="" points="${round(last.x)},${round(last.y)} ${round(Math.max(last.x, culprit.x + 6))},${round(culprit.y)}"/>`;
  return `<polyline class="order" data-points="" points="${path}"/>${stuck}`;
}

/** Its numbers, which lie over the bars. */
export function orderNumbers(paper: Paper): string {
  return placedPoints(paper)
    .map(
      ({ x, y, number }) =>
        `<g class="point" data-x="${round(x)}" data-y="${round(y)}" transform="translate(${round(x)} ${round(y)})"><circle r="8"/><text y="3.5" text-anchor="middle">${number}</text></g>`,
    )
    .join("\n");
}

function placedPoints(paper: Paper): { x: number; y: number; number: number }[] {
  const { input, scale } = paper;
  const found = [...(input.points?.values() ?? [])].sort((a, b) => a.number - b.number);
  const placed: { x: number; y: number; number: number }[] = [];
  let x = 0;
  for (const { operation } of found) {
    const place = placeOf(paper, operation);
    if (place === undefined) continue;
    const right = operation.return === NEVER_RETURNED ? scale.width : scale.x(operation.return);
    x = Math.min(Math.max(x + 12, place.x + 4), Math.max(x, right - 2));
    placed.push({ x, y: place.y, number: placed.length + 1 });
  }
  return placed;
}

function placeOf({ lanes, scale }: Paper, operation: Operation | undefined): { x: number; y: number } | undefined {
  if (operation === undefined) return undefined;
  for (const { lane, top } of lanes) {
    if (!lane.processes.includes(operation.process)) continue;
    const row = lane.rows.findIndex((candidates) => candidates.some((candidate) => isSame(candidate, operation)));
    if (row >= 0) return { x: scale.x(operation.call), y: top + row * ROW + 5 };
  }
  return undefined;
}
