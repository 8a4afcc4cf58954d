import type { Verdict, Violation } from "../verdict.ts";
import { type Clock, createClock } from "./clock.ts";
import { drawCycle, nameOf } from "./cycle.ts";
import { bigPart, bigTimeline, flagOf } from "./drawing.ts";
import { brief, escapeXml } from "./escape.ts";
import { surroundings } from "./excerpt.ts";
import { count, explainViolation, headline, inUnits, plural, thousands } from "./explain.ts";
import type { PictureInput } from "./input.ts";
import type { LegendItem } from "./legend.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { identityOf } from "./points.ts";
import { cutNote, named } from "./sentences.ts";
import { drawTimeline, type Timeline } from "./timeline.ts";

/** Of a longer history a part is drawn, around what went wrong. */
const MOST_SMALL = 2_000;
/** So many more violations have a place of their own. */
const MOST_OTHERS = 20;
const WIDTH = 1_100;

/**
 * A page that stands alone: it opens from a file and asks nothing of any network. The verdict in a sentence, the shortest
 * part of the history that shows it, and around it the history, to be scrolled and zoomed.
 */
export function drawPage(input: PictureInput): string {
  const clock = createClock(input.history, input.unit ?? "unknown", input.faults);
  const violations = input.verdict.type === "illegal" ? input.verdict.violations : [];
  const body = [header(input), ...main(input, violations[0], clock), ...others(input, violations.slice(1), clock)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeXml(`${mark(input.verdict).word}: ${brief(input.title ?? input.checker ?? "history")}`)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${body.join("\n")}
${rest(input, clock)}
<footer>Judged by Synod. Times on the axes are true; distances are not: close events are drawn apart, idle time is drawn short.${clock.note === undefined ? "" : ` ${escapeXml(clock.note)}`}</footer>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function mark({ type }: Verdict): { sign: string; word: string } {
  if (type === "ok") return { sign: "✓", word: "Holds" };
  return type === "illegal" ? { sign: "✗", word: "Violated" } : { sign: "?", word: "Not decided" };
}

function header(input: PictureInput): string {
  const { verdict, title, checker, model, history } = input;
  const { sign, word } = mark(verdict);
  const about = [title, checker, model, count(history)].filter((part) => part !== undefined).map((part) => brief(part));
  return `<header>
<p class="subject"><span class="badge ${verdict.type}"><span aria-hidden="true">${sign}</span>${word}</span>${escapeXml(about.join(" · "))}</p>
<button class="switch script" type="button" aria-label="switch between light and dark">Dark</button>
<h1>${bidi(headline(input))}</h1>
</header>`;
}

function main(input: PictureInput, violation: Violation | undefined, clock: Clock): string[] {
  const { history, faults = [], verdict } = input;
  if (violation === undefined) return [];
  const [first = "", ...why] = explainViolation(violation, history, faults, clock, true);
  const ruledOut =
    verdict.type === "illegal" && (verdict.not?.length ?? 0) > 0 ? [`Ruled out: ${verdict.not?.join(", ")}.`] : [];
  const anomaly = brief(violation.anomaly);
  const term =
    anomaly === `not ${input.checker}` || first.startsWith(anomaly) ? [] : [`The field's term for it is “${anomaly}”.`];
  const sentences = [...term, ...why, ...ruledOut];
  return [
    `<main><ul class="why">${sentences.map((sentence) => `<li>${bidi(sentence)}</li>`).join("")}</ul>`,
    `<h2>The shortest part that shows it</h2>`,
    figure(input, violation, clock, "big"),
    "</main>",
  ];
}

function figure(input: PictureInput, violation: Violation, clock: Clock, id: string): string {
  return violation.edges === undefined ? timelineFigure(input, violation, clock, id) : cycleFigure(violation, clock);
}

function timelineFigure(input: PictureInput, violation: Violation | undefined, clock: Clock, id: string): string {
  const { timeline, legend } = bigTimeline(input, violation, clock, id);
  const part = bigPart(input, violation);
  return [...cutNote(part).map(note), frame(timeline, id, ""), legendList(legend), detailPanel(id)].join("\n");
}

function cycleFigure(violation: Violation, clock: Clock): string {
  const { body, width, height } = drawCycle(violation, clock, false);
  const edges = violation.edges ?? [];
  const sentences = edges.map(({ from, to, kind, because }) => {
    const names = `${nameOf(violation, from)} → ${nameOf(violation, to)}`;
    return `<li><b>${escapeXml(names)}</b> <span class="note">(${escapeXml(brief(kind))})</span><br>${bidi(inUnits(brief(because, 1_500), clock))}</li>`;
  });
  const isCycle = edges.every(({ to }) => edges.some(({ from }) => from === to));
  const closing = isCycle ? "<li>So each of them comes before itself: there is no such order.</li>" : "";
  return `<div class="cycle"><div class="scroll"><svg class="picture" role="img" aria-label="the cycle, which the list tells in words" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg></div>
<ol class="edges">${sentences.join("")}${closing}</ol></div>`;
}

function others(input: PictureInput, violations: readonly Violation[], clock: Clock): string[] {
  if (violations.length === 0) return [];
  const items = violations.slice(0, MOST_OTHERS).map((violation, index) => {
    const [first = ""] = explainViolation(violation, input.history, [], clock, true);
    const summary = `<summary>${bidi(named(violation.anomaly, first))}</summary>`;
    return `<details>${summary}${figure(input, violation, clock, `other${index}`)}</details>`;
  });
  const more = violations.length - items.length;
  const left =
    more <= 0 ? [] : [note(`And ${plural(more, "more violation")} that ${more === 1 ? "is" : "are"} not drawn.`)];
  return [`<section class="others"><h2>What else was found</h2>`, ...items, ...left, "</section>"];
}

/** What happened around it, small. */
function rest(input: PictureInput, clock: Clock): string {
  const { history, verdict, faults = [] } = input;
  const violation = verdict.type === "illegal" ? verdict.violations[0] : undefined;
  const part = surroundings(history, verdict, MOST_SMALL);
  if (part.operations.length === 0) return note("The history is empty.");
  const proof = violation?.operations.map(identityOf);
  const timeline = drawTimeline({
    operations: part.operations,
    clock,
    faults,
    ...(violation?.culprit === undefined ? {} : { culprit: violation.culprit }),
    flag: flagOf(violation),
    ...(proof === undefined ? {} : { lit: new Set(proof) }),
    width: WIDTH,
    roomy: false,
    zoomable: true,
    id: "rest",
  });
  const toFailure =
    violation === undefined ? "" : `<button type="button" data-action="failure">To the failure</button>`;
  const told = [restNote(input, violation, part.operations.length, part.of)].filter((sentence) => sentence !== "");
  return `<section class="rest"><h2>${violation === undefined ? "The history" : "What happened around it"}</h2>
${told.map(note).join("\n")}
<div class="tools script" id="rest-tools"><button type="button" data-action="out" aria-label="zoom out">−</button><button type="button" data-action="in" aria-label="zoom in">+</button><button type="button" data-action="all">All of it</button>${toFailure}<span class="note">Arrow keys go from operation to operation.</span></div>
${frame(timeline, "rest", ' data-zoomable="" data-tools="rest-tools"')}
${detailPanel("rest")}
</section>`;
}

function restNote({ history }: PictureInput, violation: Violation | undefined, drawn: number, of: number): string {
  const faded = violation === undefined ? "" : " What the proof does not need is pale.";
  const cut = drawn < of ? `Drawn are ${thousands(drawn)} of ${thousands(of)} operations: those nearest in time.` : "";
  if (violation?.key === undefined || of === history.length) return `${cut}${faded}`.trim();
  const key = `Only key ${brief(JSON.stringify(violation.key))} is shown, since each key is judged by itself.`;
  return `${key} ${cut}${faded}`.trim();
}

function frame(timeline: Timeline, id: string, attributes: string): string {
  const { names, namesWidth, body, width, height } = timeline;
  return `<div class="figure timeline" id="${id}" data-detail="${id}-detail"${attributes} style="--part: ${namesWidth}; --rest: ${width}">
<svg class="picture" width="${namesWidth}" height="${height}" viewBox="0 0 ${namesWidth} ${height}" aria-hidden="true">${names}</svg>
<div class="scroll" tabindex="0" role="group" aria-label="operations over time"><svg class="picture" data-width="${width}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg></div>
</div>`;
}

function legendList(items: readonly LegendItem[]): string {
  const entries = items.map(
    ({ shape, text }) =>
      `<li><svg class="picture" width="30" height="18" viewBox="0 0 30 18" aria-hidden="true">${shape}</svg>${text}</li>`,
  );
  return `<ul class="legend">${entries.join("")}</ul>`;
}

function detailPanel(id: string): string {
  return `<div class="detail script" id="${id}-detail" aria-live="polite"><span>Point at an operation, or go to it with the arrow keys, to read all of it.</span></div>`;
}

function note(sentence: string): string {
  return `<p class="note">${escapeXml(sentence)}</p>`;
}

/** Text with values from the history in it, which may be written from right to left. */
function bidi(text: string): string {
  return `<bdi>${escapeXml(text)}</bdi>`;
}
