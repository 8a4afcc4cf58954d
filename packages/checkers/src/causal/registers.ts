import type { History, Operation } from "../history.ts";
import { textOf } from "../values.ts";

/** What was read if no write was: the register's initial value. */
export const INITIAL = -1;
/** Nobody wrote what was read. */
export const NOBODY = -2;

/** A read or a write of one register; a swap that was done is one of each, in this order. */
export interface RegisterEvent {
  /** Place in the history. */
  readonly operation: number;
  readonly kind: "read" | "write";
  readonly key: string;
  readonly value: unknown;
  /** A process, or a part of its own for what was asked but never answered: nothing has to wait for that. */
  session: number;
  /** Place in its session. */
  position: number;
  /** Of a read: the event that wrote what it returned, INITIAL or NOBODY. */
  writer: number;
}

export interface Registers {
  readonly events: readonly RegisterEvent[];
  /** Events by session, in program order. */
  readonly sessions: readonly (readonly number[])[];
  /** Program order between sessions of the same process: `from` was answered before `to`, which never was, was asked. */
  readonly forks: readonly { readonly from: number; readonly to: number }[];
  /** Why some reads had to be left out, in a sentence; undefined if every read has one writer. */
  readonly ambiguous: string | undefined;
}

interface Draft extends RegisterEvent {
  readonly answered: boolean;
  readonly process: number;
}

const READS: ReadonlySet<string> = new Set(["read", "get"]);
const WRITES: ReadonlySet<string> = new Set(["write", "put", "delete"]);

/**
 * Reads a history of registers (read or get, write or put, delete, cas) as events with a writer for each read. Every value
 * is to be written once for each key (of those that are read); a read that could have two writers is left out, which makes
 * the history easier to explain, never harder. So are failed operations, and lost ones that nobody saw.
 *
 * @returns a sentence if the history is not one of registers.
 */
export function readRegisters(history: History, initial: unknown): Registers | string {
  const drafts: Draft[] = [];
  for (const operation of byCall(history)) {
    const events = eventsOf(operation, history);
    if (typeof events === "string") return events;
    drafts.push(...events);
  }
  const ambiguous = findWriters(drafts, initial, history);
  return { ...arrange(keepSeen(drafts)), ambiguous };
}

function byCall(history: History): number[] {
  const places = history.map((_, place) => place).filter((place) => history[place]!.outcome !== "fail");
  return places.sort((a, b) => history[a]!.call - history[b]!.call);
}

function eventsOf(place: number, history: History): Draft[] | string {
  const operation = history[place] as Operation;
  const { f, key, input, output, process } = operation;
  const answered = operation.outcome === "ok";
  const event = (kind: "read" | "write", value: unknown): Draft => {
    return { operation: place, kind, key, value, session: 0, position: 0, writer: NOBODY, answered, process };
  };
  if (READS.has(f)) return answered ? [event("read", output)] : [];
  if (WRITES.has(f)) return [event("write", f === "delete" ? null : input)];
  if (f === "cas") {
    if (answered && output === false) return [];
    const { from, to } = input as { from: unknown; to: unknown };
    return [event("read", from), event("write", to)];
  }
  return `"${f}" is not an operation of a register: read, write, delete or cas`;
}

/** Fills in the writers. Reads that could have several are marked by a NaN, and a sentence says so. */
function findWriters(drafts: Draft[], initial: unknown, history: History): string | undefined {
  const writers = new Map<string, number[]>();
  const name = (key: string, value: unknown): string => `${textOf(value ?? null)} ${key}`;
  for (const [index, { kind, key, value }] of drafts.entries()) {
    if (kind !== "write") continue;
    const known = writers.get(name(key, value));
    if (known === undefined) writers.set(name(key, value), [index]);
    else known.push(index);
  }
  let ambiguous: string | undefined;
  for (const draft of drafts) {
    if (draft.kind === "write") continue;
    const possible: number[] = [...(writers.get(name(draft.key, draft.value)) ?? [])];
    if (name(draft.key, draft.value) === name(draft.key, initial)) possible.push(INITIAL);
    draft.writer = possible.length > 1 ? Number.NaN : (possible[0] ?? NOBODY);
    if (possible.length < 2) continue;
    const who = possible.map((writer) =>
      writer === INITIAL
        ? "it is the initial value"
        : `process ${history[drafts[writer]!.operation]!.process} wrote it`,
    );
    ambiguous ??= `the value ${textOf(draft.value)} of ${JSON.stringify(draft.key)} is not unique: ${who.join(", ")}`;
  }
  return ambiguous;
}

/** Leaves out reads without a definite writer, and what was never answered unless somebody saw it. Renumbers writers. */
function keepSeen(drafts: readonly Draft[]): Draft[] {
  const keep = drafts.map(({ answered, writer }) => answered && !Number.isNaN(writer));
  const todo = [...keep.keys()].filter((index) => keep[index]);
  for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
    const { writer } = drafts[index]!;
    if (!(writer >= 0) || keep[writer]) continue;
    // A lost swap that took effect read something, too; its two events are neighbours.
    for (const other of [writer - 1, writer]) {
      const draft = drafts[other];
      if (draft?.operation !== drafts[writer]!.operation || Number.isNaN(draft.writer)) continue;
      keep[other] = true;
      todo.push(other);
    }
  }
  const renumbered = new Map<number, number>();
  for (const [index, kept] of keep.entries()) if (kept) renumbered.set(index, renumbered.size);
  const kept = drafts.filter((_, index) => keep[index]);
  for (const draft of kept) draft.writer = renumbered.get(draft.writer) ?? draft.writer;
  return kept;
}

function arrange(drafts: readonly Draft[]): Omit<Registers, "ambiguous"> {
  const sessions: number[][] = [];
  const forks: { from: number; to: number }[] = [];
  const sessionOf = new Map<number, number>();
  const lostSessions = new Map<number, number>();
  const open = (): number => sessions.push([]) - 1;
  for (const [index, draft] of drafts.entries()) {
    let own = sessionOf.get(draft.process);
    if (draft.answered) {
      own ??= open();
      sessionOf.set(draft.process, own);
      draft.session = own;
    } else {
      const lost = lostSessions.get(draft.operation) ?? open();
      const before = own === undefined ? undefined : sessions[own]!.at(-1);
      if (before !== undefined && sessions[lost]!.length === 0) forks.push({ from: before, to: index });
      lostSessions.set(draft.operation, lost);
      draft.session = lost;
    }
    draft.position = sessions[draft.session]!.push(index) - 1;
  }
  return { events: drafts, sessions, forks };
}
