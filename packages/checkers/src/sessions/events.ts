import { NOBODY, readRegisters } from "../causal/registers.ts";
import type { History, Operation } from "../history.ts";
import { byProcess } from "../sequential/program.ts";
import { textOf } from "../values.ts";

/** @returns what a read was served at or a write made: a number that grows with each write of the key; or undefined. */
export type VersionOf = (operation: Operation) => number | undefined;

/** A read or a write of one key by one session. */
export interface SessionEvent {
  readonly operation: number;
  readonly kind: "read" | "write";
  readonly key: string;
  readonly session: number;
  readonly position: number;
  /** The version read or written: its number, or (with unique values) the place of the write in `events`, INITIAL or NOBODY. */
  readonly version: number;
  /** Of a read: the event that made what it returned; undefined if that is the initial state or not known. */
  readonly writer: number | undefined;
}

export interface SessionEvents {
  readonly events: readonly SessionEvent[];
  /** True if versions are numbers of one order for each key; false if they only tell writes apart. */
  readonly ordered: boolean;
  /** Why some reads had to be left out. */
  readonly ambiguous: string | undefined;
}

const READS: ReadonlySet<string> = new Set(["read", "get"]);

/** `output.version` or `output.revision`, as stores with numbered writes answer. */
export function versionInAnswer({ output }: Operation): number | undefined {
  if (typeof output !== "object" || output === null) return undefined;
  const { version, revision } = output as { version?: unknown; revision?: unknown };
  const told = version ?? revision;
  return typeof told === "number" ? told : undefined;
}

/** @returns a sentence if the history tells neither versions nor unique values. */
export function readSessionEvents(history: History, versionOf: VersionOf, initial: unknown): SessionEvents | string {
  const told = history.some((operation) => operation.outcome === "ok" && versionOf(operation) !== undefined);
  if (told) return { events: withVersions(history, versionOf), ordered: true, ambiguous: undefined };
  const registers = readRegisters(history, initial);
  if (typeof registers === "string") return registers;
  const events: SessionEvent[] = registers.events.map((event, place) => ({
    ...event,
    version: event.kind === "write" ? place : event.writer,
    writer: event.writer >= 0 ? event.writer : undefined,
  }));
  const stray = registers.events.find(({ kind, writer }) => kind === "read" && writer === NOBODY);
  const nobody = stray && `nobody wrote the value ${textOf(stray.value)} of ${JSON.stringify(stray.key)}`;
  return { events, ordered: false, ambiguous: registers.ambiguous ?? nobody };
}

function withVersions(history: History, versionOf: VersionOf): SessionEvent[] {
  const places = new Map(history.map((operation, place) => [operation, place]));
  const events: SessionEvent[] = [];
  const makers = new Map<string, number>();
  let session = 0;
  for (const operations of byProcess(history).values()) {
    let position = 0;
    for (const operation of operations) {
      const version = operation.outcome === "ok" ? versionOf(operation) : undefined;
      const kind = READS.has(operation.f) ? "read" : "write";
      // A write of version 0 found nothing to do; a swap that was refused wrote nothing.
      if (version === undefined || (kind === "write" && (version === 0 || isRefused(operation)))) continue;
      const { key } = operation;
      if (kind === "write") makers.set(`${version} ${key}`, events.length);
      events.push({ operation: places.get(operation)!, kind, key, session, position, version, writer: undefined });
      position += 1;
    }
    session += 1;
  }
  return events.map((event) =>
    event.kind === "read" ? { ...event, writer: makers.get(`${event.version} ${event.key}`) } : event,
  );
}

function isRefused({ output }: Operation): boolean {
  return output === false || (typeof output === "object" && (output as { done?: unknown } | null)?.done === false);
}
