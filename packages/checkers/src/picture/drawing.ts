import type { Violation } from "../verdict.ts";
import { type Clock, createClock } from "./clock.ts";
import { drawCycle } from "./cycle.ts";
import { brief, escapeXml } from "./escape.ts";
import { type Excerpt, failingPart, surroundings } from "./excerpt.ts";
import { headline } from "./explain.ts";
import type { PictureInput } from "./input.ts";
import { drawLegend, type LegendItem, legendOf } from "./legend.ts";
import { pointsOf } from "./points.ts";
import { sentencesOf } from "./sentences.ts";
import { PICTURE_STYLE } from "./theme.ts";
import { drawTimeline, type Timeline } from "./timeline.ts";
import { wrap } from "./wrap.ts";

/** More operations than this are not drawn big. */
const MOST_BIG = 48;
const WIDTH = 840;
const MARGIN = 16;

/**
 * One SVG that stands alone: the verdict in words, and the shortest part of the history that shows it; of a history that
 * is not illegal, its beginning. It is light or dark as its viewer's system is, and has no script.
 */
export function drawHistory(input: PictureInput): string {
  const clock = createClock(input.history, input.unit ?? "unknown", input.faults);
  const violation = input.verdict.type === "illegal" ? input.verdict.violations[0] : undefined;
  const figure =
    violation?.edges === undefined ? timelineFigure(input, violation, clock) : drawCycle(violation, clock, true);
  const part = violation?.edges === undefined ? bigPart(input, violation) : undefined;
  const width = Math.ceil(Math.max(720, figure.width) + 2 * MARGIN);
  const [first = "", ...others] = sentencesOf(input, clock, part, true);
  const heading = wrap(first, Math.floor((width - 2 * MARGIN) / 9.4), 6);
  const lines = [
    ...heading,
    ...others.flatMap((sentence) => wrap(sentence, Math.floor((width - 2 * MARGIN) / 7.1), 6)),
  ];
  const title =
    input.title === undefined
      ? ""
      : `<text class="prose soft" x="${MARGIN}" y="28">${escapeXml(brief(input.title))}</text>`;
  const top = title === "" ? 32 : 54;
  const words = lines.map(
    (line, row) =>
      `<text class="${row < heading.length ? "title" : "prose"}" x="${MARGIN}" y="${top + row * 20}">${escapeXml(line)}</text>`,
  );
  const head = top + lines.length * 20 - 4;
  const height = Math.ceil(head + figure.height + MARGIN);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" aria-label="${escapeXml(headline(input))}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>${PICTURE_STYLE}</style>
<rect class="paper" width="${width}" height="${height}"/>
${title}
${words.join("\n")}
<g transform="translate(${MARGIN} ${head})">
${figure.body}
</g>
</svg>
`;
}

function timelineFigure(
  input: PictureInput,
  violation: Violation | undefined,
  clock: Clock,
): { body: string; width: number; height: number } {
  const { timeline, legend } = bigTimeline(input, violation, clock, "p");
  const { names, namesWidth, body, height } = timeline;
  const width = timeline.width + namesWidth;
  const below = drawLegend(legend, width);
  const parts = [
    names,
    `<g transform="translate(${namesWidth} 0)">\n${body}\n</g>`,
    `<g transform="translate(8 ${height + 6})">\n${below.body}\n</g>`,
  ];
  return { body: parts.join("\n"), width, height: height + 6 + below.height };
}

/** What is drawn big: a violation's own part of the history; without one, the history's beginning. */
export function bigPart({ history, verdict }: PictureInput, violation: Violation | undefined): Excerpt {
  return violation === undefined ? surroundings(history, verdict, MOST_BIG) : failingPart(violation, MOST_BIG);
}

/** The failing part with the order that was possible until then, and what its shapes mean. @param id unique in the page */
export function bigTimeline(
  input: PictureInput,
  violation: Violation | undefined,
  clock: Clock,
  id: string,
): { timeline: Timeline; legend: LegendItem[] } {
  const { faults = [], object } = input;
  const part = bigPart(input, violation);
  const points = pointsOf(violation?.order ?? [], object);
  const culprit = violation?.culprit;
  const timeline = drawTimeline({
    operations: part.operations,
    clock,
    faults,
    points,
    ...(culprit === undefined ? {} : { culprit }),
    flag: flagOf(violation),
    width: WIDTH,
    roomy: true,
    id,
  });
  const has = {
    culprit: culprit !== undefined,
    flag: flagOf(violation),
    order: points.size > 0,
    faults: timeline.faults > 0,
  };
  return { timeline, legend: legendOf(part, has, id) };
}

/** An answer that no order explains cannot have been given; a message that came twice came twice. */
export function flagOf(violation: Violation | undefined): string {
  return violation?.anomaly.startsWith("not ") ? "impossible" : "forbidden";
}
