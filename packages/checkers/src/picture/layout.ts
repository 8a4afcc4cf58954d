import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import type { Fault } from "../readers/history-file.ts";
import type { Clock } from "./clock.ts";
import { shorten } from "./escape.ts";
import { labelOf } from "./label.ts";
import { type Lane, lanesOf } from "./lanes.ts";
import { identityOf, type Point } from "./points.ts";
import { createScale, type Scale } from "./scale.ts";

/** What is drawn, and how big. */
export interface TimelineInput {
  /** By call time. */
  readonly operations: History;
  readonly clock: Clock;
  readonly faults: readonly Fault[];
  readonly culprit?: Operation;
  /** What stands beside the culprit: "impossible". */
  readonly flag: string;
  /** By `identityOf`. */
  readonly points?: ReadonlyMap<string, Point>;
  /** Of these nothing is faded; of all, when absent. By `identityOf`. */
  readonly lit?: ReadonlySet<string>;
  readonly width: number;
  /** Every label is given its room. */
  readonly roomy: boolean;
  /** Begins the ids of what is defined here; unique in its page. */
  readonly id: string;
  /** The page's script will draw it wider. */
  readonly zoomable?: boolean;
}

export const BAR: number = 26;
export const ROW: number = 38;
export const TOP: number = 30;
export const FAULT_ROW: number = 24;
export const NODE_ROW: number = 24;
export const CHARACTER: number = 7.4;
export const PAD: number = 8;
const MOST_LABEL = 34;

/** A line on paper: where each row of bars is. */
export interface Placed {
  readonly lane: Lane;
  readonly top: number;
}

export interface Paper {
  readonly input: TimelineInput;
  readonly scale: Scale;
  readonly lanes: readonly Placed[];
  readonly nodes: readonly string[];
  readonly faultRows: readonly (readonly Fault[])[];
  /** Where the clients' lines end and the servers' begin. */
  readonly middle: number;
  readonly bottom: number;
}

export function layOut(input: TimelineInput): Paper {
  const { operations } = input;
  const events = operations.flatMap(({ call, return: end }) => (end === NEVER_RETURNED ? [call] : [call, end]));
  const [first, last] = ends(events);
  const faults = input.faults.filter(({ from, to }) => from <= last && to >= first);
  const edges = faults.flatMap(({ from, to }) => [from, to]).filter((time) => time >= first && time <= last);
  const scale = createScale([...events, ...edges], {
    width: input.width,
    least: input.roomy ? 14 : 3,
    left: input.roomy ? 30 : 16,
    right: input.roomy ? 124 + roomAtEnd(operations, last) : 96,
    spans: input.roomy ? spansOf(operations, events) : [],
  });
  const faultRows = rowsOfFaults(faults);
  let top = TOP + faultRows.length * FAULT_ROW;
  const lanes = lanesOf(operations).map((lane) => {
    const placed = { lane, top };
    top += lane.rows.length * ROW;
    return placed;
  });
  const nodes = [...new Set(operations.flatMap(({ node }) => (node === undefined ? [] : [node])))].sort();
  const bottom = top + (nodes.length === 0 ? 0 : 12 + nodes.length * NODE_ROW);
  return { input, scale, lanes, nodes, faultRows, middle: top, bottom };
}

/** A long list may not be spread into one call. */
function ends(times: readonly number[]): [number, number] {
  return times.reduce<[number, number]>(
    ([a, b], time) => [Math.min(a, time), Math.max(b, time)],
    [times[0] ?? 0, times[0] ?? 0],
  );
}

/** How wide a bar is that has its whole label in it. */
export function roomOf(operation: Operation): number {
  return barLabel(operation).length * CHARACTER + 2 * PAD + 4;
}

/** Each label's room. What took no time is drawn as if it lasted until something else happens. */
function spansOf(operations: History, events: readonly number[]): { from: number; to: number; room: number }[] {
  const times = [...new Set(events)].sort((a, b) => a - b);
  return operations.flatMap((operation) => {
    const { call: from, return: end } = operation;
    if (end === NEVER_RETURNED) return [];
    const to = end > from ? end : (times[times.indexOf(from) + 1] ?? from);
    return [{ from, to, room: roomOf(operation) + (end > from ? 0 : 8) }];
  });
}

function roomAtEnd(operations: History, last: number): number {
  const instants = operations.filter(({ call, return: end }) => call === last && end === last);
  return instants.reduce((room, operation) => Math.max(room, roomOf(operation)), 0);
}

/** What stands in a bar that is wide enough. */
export function barLabel(operation: Operation): string {
  return shorten(labelOf(operation), MOST_LABEL);
}

function rowsOfFaults(faults: readonly Fault[]): Fault[][] {
  const rows: Fault[][] = [];
  for (const fault of [...faults].sort((a, b) => a.from - b.from)) {
    const row = rows.find((candidate) => (candidate.at(-1) as Fault).to < fault.from);
    if (row === undefined) rows.push([fault]);
    else row.push(fault);
  }
  return rows;
}

/** Whether they are one operation, or copies of it. */
export function isSame(operation: Operation, other: Operation | undefined): boolean {
  return other !== undefined && (operation === other || identityOf(operation) === identityOf(other));
}

/** To a tenth of a pixel. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
