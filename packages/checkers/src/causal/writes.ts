import type { Clocks } from "./graph.ts";
import type { Registers } from "./registers.ts";

/** The writes of each key by session, to find what a read knows of. */
export class Writes {
  /** By key: for each session that writes it, its writes in program order. */
  readonly #byKey = new Map<string, { readonly session: number; readonly writes: number[] }[]>();
  readonly #registers: Registers;

  constructor(registers: Registers) {
    this.#registers = registers;
    for (const [session, events] of registers.sessions.entries()) {
      for (const event of events) {
        const { kind, key } = registers.events[event]!;
        if (kind === "write") this.#add(key, session, event);
      }
    }
  }

  /** For each session that has one, its last write of the read's key that is before the read, unless that is what it reads. */
  knownTo(read: number, clocks: Clocks): number[] {
    const { key, writer } = this.#registers.events[read]!;
    const found: number[] = [];
    for (const { session, writes } of this.#byKey.get(key) ?? []) {
      const last = this.#lastBelow(writes, clocks.known(read, session), writer);
      if (last !== undefined) found.push(last);
    }
    return found;
  }

  #add(key: string, session: number, event: number): void {
    const sessions = this.#byKey.get(key) ?? [];
    if (sessions.length === 0) this.#byKey.set(key, sessions);
    const last = sessions.at(-1);
    if (last?.session === session) last.writes.push(event);
    else sessions.push({ session, writes: [event] });
  }

  #lastBelow(writes: readonly number[], positions: number, except: number): number | undefined {
    let low = 0;
    let high = writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#registers.events[writes[middle]!]!.position < positions) low = middle + 1;
      else high = middle;
    }
    const last = writes[low - 1];
    // What the session wrote before that is before it anyway.
    return last === except ? undefined : last;
  }
}
