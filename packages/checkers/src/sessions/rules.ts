import { NOBODY } from "../causal/registers.ts";
import type { SessionEvent, SessionEvents } from "./events.ts";

export type SessionGuarantee = "read your writes" | "monotonic reads" | "monotonic writes" | "writes follow reads";

export interface Through {
  readonly write: number;
  readonly read: number;
}

/** What a guarantee asks for: of one key, the version of `older` is not newer than that of `newer`. */
export interface Rule {
  readonly guarantee: SessionGuarantee;
  readonly older: number;
  readonly newer: number;
  /** If the two are of different sessions: the write that `newer`'s session had read, and its read. */
  readonly through?: Through;
}

/** The events of one key, kind and session, in program order. */
interface Track {
  readonly positions: number[];
  readonly events: number[];
  /** For each of them, the event of the highest version so far; the last one, where versions have no numbers. */
  readonly best: number[];
}

const NO_TRACK: Track = { positions: [], events: [], best: [] };

/**
 * Lists what the guarantees ask for of this history, up to what follows from the rest (Terry et al., "Session Guarantees
 * for Weakly Consistent Replicated Data", 1994). Rules between keys need monotonic reads besides: else a session may look
 * at one server and then at another that is behind.
 */
export class Rules {
  readonly #events: readonly SessionEvent[];
  readonly #ordered: boolean;
  readonly #promised: ReadonlySet<SessionGuarantee>;
  readonly #tracks = new Map<string, Track>();
  /** By session: of each other session, its latest write that was read, directly. */
  readonly #seen = new Map<number, Map<number, Through>>();

  constructor({ events, ordered }: SessionEvents, promised: ReadonlySet<SessionGuarantee>) {
    this.#events = events;
    this.#ordered = ordered;
    this.#promised = promised;
    for (const [index, event] of events.entries()) if (this.#isKnown(event)) this.#note(index, event);
  }

  /** What nobody wrote is neither old nor new. */
  #isKnown({ kind, version }: SessionEvent): boolean {
    return this.#ordered || kind === "write" || version !== NOBODY;
  }

  *[Symbol.iterator](): Generator<Rule> {
    for (const [newer, event] of this.#events.entries()) {
      if (event.kind === "write") {
        yield* this.#within(newer, "monotonic writes", "write", true);
        yield* this.#within(newer, "writes follow reads", "read", this.#promised.has("monotonic reads"));
        continue;
      }
      if (!this.#isKnown(event)) continue;
      yield* this.#within(newer, "read your writes", "write", this.#promised.has("monotonic writes"));
      yield* this.#within(newer, "monotonic reads", "read", true);
      if (this.#promised.has("monotonic reads")) yield* this.#across(newer);
    }
  }

  #note(index: number, { session, kind, key, position, version }: SessionEvent): void {
    const name = `${session} ${kind} ${key}`;
    const track = this.#tracks.get(name) ?? { positions: [], events: [], best: [] };
    this.#tracks.set(name, track);
    const best = track.best.at(-1);
    const isBehind = best !== undefined && this.#ordered && this.#events[best]!.version > version;
    track.positions.push(position);
    track.events.push(index);
    track.best.push(isBehind ? best : index);
  }

  /** @param isChain the earlier ones are ordered by another rule already: the best of them stands for all. */
  *#within(newer: number, guarantee: SessionGuarantee, kind: "read" | "write", isChain: boolean): Generator<Rule> {
    if (!this.#promised.has(guarantee)) return;
    const { session, key, position } = this.#events[newer]!;
    const track = this.#tracks.get(`${session} ${kind} ${key}`) ?? NO_TRACK;
    const count = countBefore(track, position);
    if (count === 0) return;
    if (isChain || this.#ordered) yield { guarantee, older: track.best[count - 1]!, newer };
    else for (const older of track.events.slice(0, count)) yield { guarantee, older, newer };
  }

  /** What the authors of writes that the session has read did or saw before them, it sees from then on. */
  *#across(newer: number): Generator<Rule> {
    const { session, key, writer } = this.#events[newer]!;
    const known = this.#seen.get(session) ?? new Map<number, Through>();
    this.#seen.set(session, known);
    for (const [other, through] of known) {
      const { position } = this.#events[through.write]!;
      for (const kind of ["write", "read"] as const) {
        const guarantee = kind === "write" ? "monotonic writes" : "writes follow reads";
        const track = this.#tracks.get(`${other} ${kind} ${key}`) ?? NO_TRACK;
        const count = countBefore(track, position);
        if (count > 0 && this.#promised.has(guarantee)) {
          yield { guarantee, older: track.best[count - 1]!, newer, through };
        }
      }
    }
    if (writer === undefined) return;
    const author = this.#events[writer]!;
    const before = known.get(author.session);
    const isNews = before === undefined || this.#events[before.write]!.position < author.position;
    if (author.session !== session && isNews) known.set(author.session, { write: writer, read: newer });
  }
}

function countBefore({ positions }: Track, position: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
