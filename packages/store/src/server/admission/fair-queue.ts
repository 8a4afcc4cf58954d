/**
 * Calls that those who want much have under way, together, while others want little. With 128 the others' p99 was four
 * times that of a quiet node, with 32 twice; with 16 it was hardly better, and the flood a quarter slower.
 */
export const WINDOW = 32;
/** However many share the window: so many each. */
export const LEAST_SHARE = 4;
/** A connection that never has more calls under way than this wants little: it is not to wait behind those of others. */
const LIGHT = 16;
/** Ticks, of a tenth of a second, after which a connection that has said nothing is not there. */
const REMEMBERED = 3;
/** Octets of requests that one connection may have in here; what comes then is served at once. */
const MOST_BYTES = 8 << 20;

/** A connection, as the queue sees it. */
export interface Queued {
  /** Calls that wait for the group. */
  readonly waiting: number;
  serve(stream: number, method: number, message: Uint8Array): void;
}

interface Request {
  readonly method: number;
  readonly message: Uint8Array;
}

/** One connection's place in the queue. */
export class FairShare {
  /** By stream, in the order of their coming. */
  readonly requests: Map<number, Request> = new Map();
  bytes = 0;
  /** The most calls that were under way, or waited to be, lately, and when that was last looked at. */
  peak = 0;
  tick = -1;
}

/**
 * Keeps a connection that floods from making all others wait. The group answers in the order of the log, so whoever has a
 * thousand calls under way delays everybody by a thousand calls. While there is any connection that wants little, others
 * have at most `WINDOW` calls under way between them; the rest of theirs waits in front, and is taken in turns. Without such a
 * connection nobody waits here: the larger a batch, the less it costs.
 */
export class FairQueue {
  /** Requests that had to wait, ever. */
  deferrals = 0;
  readonly #shares = new Map<Queued, FairShare>();
  #tick = 0;
  /** The last two that wanted little, and when: each is to know of another than itself. */
  #light: Queued | undefined;
  #lightAt = 0;
  #other: Queued | undefined;
  #otherAt = 0;

  /** About ten times a second. */
  tick(): void {
    this.#tick++;
  }

  /** Requests that wait here. */
  get length(): number {
    let length = 0;
    for (const { requests } of this.#shares.values()) length += requests.size;
    return length;
  }

  /** @returns true: the request waits, and `serve` will be called. */
  defers(connection: Queued, share: FairShare, stream: number, method: number, message: Uint8Array): boolean {
    const { waiting } = connection;
    if (share.tick !== this.#tick) {
      share.tick = this.#tick;
      share.peak >>= 1;
    }
    // With what waits here: whoever is held back must not look as if it wanted little, or all hold each other back for ever.
    const wanted = waiting + share.requests.size;
    if (wanted > share.peak) share.peak = wanted;
    if (share.peak <= LIGHT) this.#isLight(connection);
    if (share.requests.size === 0 && (waiting < this.#window() || !this.#othersAreLight(connection))) return false;
    if (share.bytes + message.length > MOST_BYTES) return false;
    share.requests.set(stream, { method, message });
    share.bytes += message.length;
    this.#shares.set(connection, share);
    this.deferrals++;
    return true;
  }

  /** The call is over. */
  forget(share: FairShare, stream: number): void {
    const request = share.requests.get(stream);
    if (request === undefined) return;
    share.requests.delete(stream);
    share.bytes -= request.message.length;
  }

  /** The connection is gone. */
  leave(connection: Queued): void {
    this.#shares.delete(connection);
    if (this.#light === connection) this.#light = undefined;
    if (this.#other === connection) this.#other = undefined;
  }

  /** At the end of a turn: one request of each connection after the other, as far as their windows go. */
  advance(): void {
    if (this.#shares.size === 0) return;
    for (let served = true; served; ) {
      served = false;
      for (const [connection, share] of [...this.#shares]) {
        const next = share.requests.entries().next();
        if (next.done === true) this.#shares.delete(connection);
        else if (connection.waiting < this.#window() || !this.#othersAreLight(connection)) {
          const [stream, { method, message }] = next.value;
          this.forget(share, stream);
          connection.serve(stream, method, message);
          served = true;
        }
      }
    }
  }

  /** What one of those that wait here may have under way. */
  #window(): number {
    return Math.max(LEAST_SHARE, Math.trunc(WINDOW / Math.max(1, this.#shares.size)));
  }

  #isLight(connection: Queued): void {
    if (this.#light !== connection) {
      this.#other = this.#light;
      this.#otherAt = this.#lightAt;
      this.#light = connection;
    }
    this.#lightAt = this.#tick;
  }

  #othersAreLight(connection: Queued): boolean {
    if (this.#light !== undefined && this.#light !== connection && this.#tick - this.#lightAt < REMEMBERED) return true;
    return this.#other !== undefined && this.#other !== connection && this.#tick - this.#otherAt < REMEMBERED;
  }
}
