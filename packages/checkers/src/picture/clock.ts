import { type History, NEVER_RETURNED } from "../history.ts";
import type { Fault, TimeUnit } from "../readers/history-file.ts";

/** Says times of one history so that a person can compare them: in one unit, with as many digits as its length needs. */
export interface Clock {
  /** "412 ms". @param time in the history's unit */
  at(time: number): string;
  /** The number alone, for an axis whose title has the unit. */
  bare(time: number): string;
  /** "1.2 ms", of a difference. */
  length(difference: number): string;
  /** "410 to 412 ms", "410 ms" if that is the same, "from 410 ms on". */
  during(from: number, to: number): string;
  /** The unit's sign: "ms"; "" if the history has none. */
  readonly sign: string;
  /** A sentence on where times count from; undefined if they are those of the file. */
  readonly note: string | undefined;
}

interface Shown {
  readonly sign: string;
  /** Nanoseconds. */
  readonly worth: number;
}

const SECONDS: Shown = { sign: "s", worth: 1e9 };
const MILLISECONDS: Shown = { sign: "ms", worth: 1e6 };
const MICROSECONDS: Shown = { sign: "µs", worth: 1e3 };
const NANOSECONDS: Shown = { sign: "ns", worth: 1 };

const NANOSECONDS_OF: Readonly<Record<Exclude<TimeUnit, "unknown">, number>> = { ns: 1, us: 1e3, ms: 1e6 };

/** Beyond this many lengths of the history before its start, its times are dates: they are told from its start. */
const FAR = 20;

export function createClock(history: History, unit: TimeUnit, faults: readonly Fault[] = []): Clock {
  const { first, last } = extent(history, faults);
  if (unit === "unknown") return placesClock();
  const file = NANOSECONDS_OF[unit];
  const span = Math.max(1, last - first);
  const dated = first > FAR * span;
  const origin = dated ? first : 0;
  const shown = unitFor((span + (dated ? 0 : Math.min(first, span))) * file);
  const digits = digitsFor((span * file) / shown.worth);
  const number = (time: number): string => plain((time * file) / shown.worth, digits);
  const note = dated ? `Times count from the first call, which the file has at ${first} ${unit}.` : undefined;
  return {
    sign: shown.sign,
    note,
    bare: (time) => number(time - origin),
    at: (time) => `${number(time - origin)} ${shown.sign}`,
    length: (difference) => lengthOf(difference * file),
    during: (from, to) => {
      const first = number(from - origin);
      if (to === NEVER_RETURNED) return `from ${first} ${shown.sign} on`;
      const end = number(to - origin);
      return first === end ? `${first} ${shown.sign}` : `${first} to ${end} ${shown.sign}`;
    },
  };
}

/** Events are only known to follow each other. */
function placesClock(): Clock {
  return {
    sign: "",
    note: undefined,
    bare: (time) => String(time),
    at: (time) => String(time),
    length: (difference) => `${difference} events`,
    during: (from, to) => {
      if (to === NEVER_RETURNED) return `from ${from} on`;
      return from === to ? String(from) : `${from} to ${to}`;
    },
  };
}

/** The first call and the last event of a history; zeros if it is empty. */
export function extent(history: History, faults: readonly Fault[] = []): { first: number; last: number } {
  let first = Number.MAX_SAFE_INTEGER;
  let last = 0;
  for (const operation of history) {
    first = Math.min(first, operation.call);
    last = Math.max(last, operation.return === NEVER_RETURNED ? operation.call : operation.return);
  }
  if (history.length > 0) return { first, last };
  for (const fault of faults) {
    first = Math.min(first, fault.from);
    last = Math.max(last, fault.to === NEVER_RETURNED ? fault.from : fault.to);
  }
  return { first: Math.min(first, last), last };
}

function unitFor(nanoseconds: number): Shown {
  if (nanoseconds >= 20 * SECONDS.worth) return SECONDS;
  if (nanoseconds >= 5 * MILLISECONDS.worth) return MILLISECONDS;
  return nanoseconds >= 5 * MICROSECONDS.worth ? MICROSECONDS : NANOSECONDS;
}

/** Enough for a ten-thousandth of the whole. */
function digitsFor(span: number): number {
  let digits = 0;
  for (let resolution = 1; resolution > span / 5_000 && digits < 3; resolution /= 10) digits += 1;
  return digits;
}

function plain(value: number, digits: number): string {
  const text = value.toFixed(digits);
  const trimmed = digits === 0 ? text : text.replace(/\.?0+$/, "");
  return trimmed === "-0" ? "0" : trimmed;
}

function lengthOf(nanoseconds: number): string {
  const shown = [SECONDS, MILLISECONDS, MICROSECONDS].find(({ worth }) => nanoseconds >= worth) ?? NANOSECONDS;
  const value = nanoseconds / shown.worth;
  return `${plain(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${shown.sign}`;
}
