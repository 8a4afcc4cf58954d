import { ByteReader } from "./bytes.ts";
import type { LogIndex, NodeId } from "./protocol.ts";

/**
 * How far a session's numbers may lie apart: a refused batch is a gap that never closes, and must not be remembered for
 * ever. Whatever lies so far behind the highest counts as applied. Not less than the requests that one node may have under
 * way, or a slow one of them would be taken for a repetition.
 */
export const WINDOW: number = 1 << 17;

/** One life of one node, as the origin of proposals. */
export interface Session {
  readonly node: NodeId;
  readonly incarnation: number;
  /** All sequence numbers up to here were applied. */
  contiguous: number;
  /** Applied ones above it, at most `WINDOW`; few, because only a lost or a refused batch leaves a gap. */
  readonly above: Set<number>;
  lastUsed: LogIndex;
}

/**
 * Exactly-once requests: part of the replicated state, so all members skip the same repetitions. A proposal that was
 * perhaps lost with its leader is sent again under the same sequence number, and applied at most once.
 */
export class Sessions {
  readonly #limit: number;
  #sessions: Map<string, Session> = new Map();

  /** @param limit sessions kept; beyond it the one unused for the longest part of the log is forgotten. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The session of an entry's batch, made if it is new. Valid until the next call. */
  open(node: NodeId, incarnation: number, index: LogIndex): Session {
    const key = `${node}:${incarnation}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      if (this.#sessions.size >= this.#limit) this.#evict();
      session = { node, incarnation, contiguous: 0, above: new Set(), lastUsed: index };
      this.#sessions.set(key, session);
    }
    session.lastUsed = index;
    return session;
  }

  /** @returns whether this request is to be applied: true the first time. */
  admit(session: Session, sequence: number): boolean {
    if (sequence <= session.contiguous || session.above.has(sequence)) return false;
    if (sequence > session.contiguous + 1) {
      session.above.add(sequence);
      if (sequence > session.contiguous + WINDOW) skipGaps(session, sequence - WINDOW);
      return true;
    }
    session.contiguous = sequence;
    while (session.above.delete(session.contiguous + 1)) session.contiguous++;
    return true;
  }

  /** Equal states give equal bytes: sessions in the order of their first appearance. */
  snapshot(): Uint8Array {
    let size = 4;
    for (const { above } of this.#sessions.values()) size += 4 + 8 * (4 + above.size);
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    let at = 4;
    const number = (value: number): void => {
      view.setUint8(at, 0);
      view.setUint8(at + 1, Math.floor(value / 0x1_0000_0000) >>> 16);
      view.setUint16(at + 2, Math.floor(value / 0x1_0000_0000) & 0xffff);
      view.setUint32(at + 4, value >>> 0);
      at += 8;
    };
    view.setUint32(0, this.#sessions.size);
    for (const { node, incarnation, contiguous, above, lastUsed } of this.#sessions.values()) {
      for (const value of [node, incarnation, contiguous, lastUsed]) number(value);
      view.setUint32(at, above.size);
      at += 4;
      for (const sequence of [...above].sort((a, b) => a - b)) number(sequence);
    }
    return bytes;
  }

  /** @throws RangeError for bytes that `snapshot` did not make. */
  restore(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    const number = (): number => {
      reader.uint8();
      return reader.uint53();
    };
    this.#sessions = new Map();
    for (let count = reader.uint32(); count > 0; count--) {
      const [node, incarnation, contiguous, lastUsed] = [number(), number(), number(), number()] as const;
      const above = new Set<number>();
      for (let gaps = reader.uint32(); gaps > 0; gaps--) above.add(number());
      this.#sessions.set(`${node}:${incarnation}`, { node, incarnation, contiguous, above, lastUsed });
    }
  }

  #evict(): void {
    let oldest: [string, Session] | undefined;
    for (const entry of this.#sessions)
      if (oldest === undefined || entry[1].lastUsed < oldest[1].lastUsed) oldest = entry;
    if (oldest !== undefined) this.#sessions.delete(oldest[0]);
  }
}

/** Everything up to `floor` counts as applied from now on. */
function skipGaps(session: Session, floor: number): void {
  const { above } = session;
  if (floor - session.contiguous > above.size) {
    for (const sequence of above) if (sequence <= floor) above.delete(sequence);
    session.contiguous = floor;
  } else while (session.contiguous < floor) above.delete(++session.contiguous);
  while (above.delete(session.contiguous + 1)) session.contiguous++;
}
