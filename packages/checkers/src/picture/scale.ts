import type { Clock } from "./clock.ts";

/**
 * Where times lie on paper. Events keep their order, but the distances between them are not all true: what happens within
 * microseconds is drawn apart, idle time is drawn short (and marked as cut). The numbers on the axis tell the truth.
 */
export interface Scale {
  readonly width: number;
  x(time: number): number;
  /** Where idle time was cut. */
  readonly cuts: readonly number[];
}

export interface ScaleOptions {
  /** The width to aim at, without the margins; more is taken if events or labels need it. */
  readonly width: number;
  /** Least distance of two events that are not at the same time. */
  readonly least: number;
  /** Room at the ends. */
  readonly left: number;
  readonly right: number;
  /** Spans that need so much room, for what is written in them. */
  readonly spans?: readonly { readonly from: number; readonly to: number; readonly room: number }[];
}

/** An idle time is cut to this part of the whole width. */
const LONGEST = 0.16;

/** @param events times, in any order. */
export function createScale(events: readonly number[], options: ScaleOptions): Scale {
  const times = distinct(events);
  const gaps = gapsOf(times, options);
  const cuts: number[] = [];
  const places = new Float64Array(times.length);
  let place = options.left;
  for (const [index, { size, cut }] of gaps.entries()) {
    places[index] = place;
    if (cut) cuts.push(place + size / 2);
    place += size;
  }
  if (times.length > 0) places[times.length - 1] = place;
  const right = place + options.right;
  return { width: right, cuts, x: (time) => interpolate(times, places, time, options.left, right) };
}

interface Gap {
  size: number;
  cut: boolean;
}

function gapsOf(times: Float64Array, { width, least, spans = [] }: ScaleOptions): Gap[] {
  const total = times.length < 2 ? 1 : times[times.length - 1]! - times[0]!;
  const most = Math.max(least, width * Math.max(LONGEST, 1.2 / times.length));
  const gaps: Gap[] = [];
  for (let index = 1; index < times.length; index += 1) {
    const natural = ((times[index]! - times[index - 1]!) / total) * width;
    gaps.push({ size: Math.min(most, Math.max(least, natural)), cut: times.length > 3 && natural > 1.5 * most });
  }
  const shorter = [...spans].sort((a, b) => a.to - a.from - (b.to - b.from));
  for (const { from, to, room } of shorter) stretch(gaps, indexOf(times, from), indexOf(times, to), room);
  const sum = (some: readonly Gap[]): number => some.reduce((so, { size }) => so + size, 0);
  const uncut = gaps.filter(({ cut }) => !cut);
  const left = width - sum(gaps);
  // What is drawn short stays so: the others take what is left of the paper.
  if (left > 0 && uncut.length > 0) {
    const factor = 1 + left / sum(uncut);
    for (const gap of uncut) gap.size *= factor;
  }
  return gaps;
}

function stretch(gaps: Gap[], from: number, to: number, room: number): void {
  let size = 0;
  for (let index = from; index < to; index += 1) size += gaps[index]!.size;
  if (size === 0 || size >= room) return;
  for (let index = from; index < to; index += 1) gaps[index]!.size *= room / size;
}

function distinct(events: readonly number[]): Float64Array {
  const sorted = Float64Array.from(events).sort();
  let kept = 0;
  for (const time of sorted) {
    if (kept === 0 || sorted[kept - 1] !== time) sorted[kept++] = time;
  }
  return sorted.slice(0, kept);
}

/** The last place whose time is not after `time`; -1 if all are. */
function indexOf(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function interpolate(times: Float64Array, places: Float64Array, time: number, left: number, right: number): number {
  const index = indexOf(times, time);
  if (index < 0) return left / 2;
  if (index >= times.length - 1) return time === times[index] ? places[index]! : right - 4;
  const part = (time - times[index]!) / (times[index + 1]! - times[index]!);
  return places[index]! + part * (places[index + 1]! - places[index]!);
}

export interface Tick {
  readonly x: number;
  readonly label: string;
}

/** Round numbers where they lie well apart; between events that are drawn apart there may be few, then the events' own. */
export function ticksOf(events: readonly number[], scale: Scale, clock: Clock, distance: number): Tick[] {
  const times = distinct(events);
  if (times.length === 0) return [];
  const first = times[0]!;
  const last = times[times.length - 1]!;
  const wanted = Math.max(2, Math.floor(scale.width / (1.6 * distance)));
  const step = roundStep((last - first) / wanted);
  const round: number[] = [];
  for (let time = Math.ceil(first / step) * step; time <= last && round.length < 2_000; time += step) round.push(time);
  const ticks = spread(round, scale, clock, distance);
  return 2 * ticks.length >= wanted || times.length < 3 ? ticks : spread([...times], scale, clock, distance);
}

function spread(times: readonly number[], scale: Scale, clock: Clock, distance: number): Tick[] {
  const ticks: Tick[] = [];
  let next = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    const x = scale.x(time);
    const label = clock.bare(time);
    if (x < next || label === ticks.at(-1)?.label) continue;
    ticks.push({ x, label });
    next = x + distance;
  }
  return ticks;
}

/** The smallest of 1, 2, 5, 10, 20… that is not below. */
function roundStep(least: number): number {
  for (let decade = 1; ; decade *= 10) {
    for (const factor of [1, 2, 5]) if (decade * factor >= least) return decade * factor;
  }
}
