import { NEVER_RETURNED } from "../history.ts";
import type { Excerpt } from "./excerpt.ts";
import { isReading } from "./label.ts";

/** A sample of a shape, 30 by 18, and what it stands for. */
export interface LegendItem {
  readonly shape: string;
  readonly text: string;
}

/** Only what occurs in the picture. */
export function legendOf(
  { operations }: Excerpt,
  has: { readonly culprit: boolean; readonly flag: string; readonly order: boolean; readonly faults: boolean },
  id: string,
): LegendItem[] {
  const box = (classes: string): string =>
    `<g class="op ${classes}"><rect x="1" y="2" width="28" height="14" rx="4"/></g>`;
  const answered = operations.filter(({ outcome }) => outcome === "ok");
  const items: [boolean, string, string][] = [
    [answered.some((operation) => !isReading(operation)), box("ok"), "changes something"],
    [answered.some(isReading), box("read ok"), "only reads"],
    [operations.some(({ return: end }) => end === NEVER_RETURNED), TORN, "not answered: may happen later, or never"],
    [operations.some(({ outcome }) => outcome === "fail"), box("fail"), "failed: had no effect"],
    [has.order, POINT, "the order that was possible so far"],
    [has.culprit, `${box("culprit")}<path class="cross" d="M10 4l10 10m0 -10l-10 10"/>`, has.flag],
    [
      has.faults,
      `<g class="fault"><rect class="band" x="1" y="2" width="28" height="14" fill="url(#${id}-hatch)"/></g>`,
      "a fault was on",
    ],
  ];
  return items.filter(([present]) => present).map(([, shape, text]) => ({ shape, text }));
}

const TORN = `<g class="op unknown"><path class="bar" d="M25 2H5q-4 0 -4 4V12q0 4 4 4H25l4 -3.5l-4 -3.5l4 -3.5z"/></g>`;
const POINT = `<path class="order" d="M1 14L15 8L29 3"/><g class="point" transform="translate(15 9)"><circle r="8"/><text y="3.5" text-anchor="middle">1</text></g>`;

/** The legend as a line (or more) of an SVG of this width. */
export function drawLegend(items: readonly LegendItem[], width: number): { body: string; height: number } {
  let [x, y] = [0, 0];
  const drawn = items.map(({ shape, text }) => {
    const room = 52 + text.length * 7.2;
    if (x > 0 && x + room > width) [x, y] = [0, y + 26];
    const item = `<g transform="translate(${Math.round(x)} ${y})">${shape}<text class="prose soft" x="37" y="13">${text}</text></g>`;
    x += room;
    return item;
  });
  return { body: drawn.join("\n"), height: y + 26 };
}
