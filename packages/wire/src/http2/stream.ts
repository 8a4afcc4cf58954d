import type { SendQueue } from "./send-queue.ts";

/** One stream (RFC 9113 §5). Records are reused: `id` is 0 while nobody uses it. A layer above may extend it. */
export class Stream {
  id = 0;
  /** Octets of DATA that the peer may still send us, and we the peer. The latter may be negative (§6.9.2). */
  receiveWindow = 0;
  sendWindow = 0;
  /** Octets of content that content-length still promises; -1 if it made no promise. */
  expected = -1;
  /** The peer has sent END_STREAM; we have sent or queued it. */
  remoteClosed = false;
  localClosed = false;
  queue: SendQueue | undefined = undefined;

  open(id: number, receiveWindow: number, sendWindow: number): void {
    this.id = id;
    this.receiveWindow = receiveWindow;
    this.sendWindow = sendWindow;
    this.expected = -1;
    this.remoteClosed = false;
    this.localClosed = false;
  }

  /** Lets go of everything that belonged to the stream that is over. */
  release(): void {
    this.id = 0;
    this.queue = undefined;
  }
}

const REMEMBERED = 256;
const POOLED = 1024;

/** The open streams of a connection, and a short memory of those that are over. */
export class StreamTable<S extends Stream> {
  private readonly open = new Map<number, S>();
  private readonly pool: S[] = [];
  private readonly create: () => S;
  /** Ids of the streams that ended last; negative: we reset it, so the peer's frames may still be under way. */
  private readonly over = new Int32Array(REMEMBERED);
  private ended = 0;
  /** Most frames come in pairs for the same stream. */
  private latest: S | undefined = undefined;

  constructor(create: () => S) {
    this.create = create;
  }

  get size(): number {
    return this.open.size;
  }

  get(id: number): S | undefined {
    if (this.latest !== undefined && this.latest.id === id) return this.latest;
    return this.open.get(id);
  }

  /** A record for a new stream; the caller must `open` it. */
  add(id: number): S {
    const stream = this.pool.pop() ?? this.create();
    this.open.set(id, stream);
    this.latest = stream;
    return stream;
  }

  remove(stream: S, resetByUs: boolean): void {
    this.over[this.ended++ & (REMEMBERED - 1)] = resetByUs ? -stream.id : stream.id;
    this.open.delete(stream.id);
    if (this.latest === stream) this.latest = undefined;
    stream.release();
    if (this.pool.length < POOLED) this.pool.push(stream);
  }

  /** A stream was refused before it had a record. */
  noteReset(id: number): void {
    this.over[this.ended++ & (REMEMBERED - 1)] = -id;
  }

  wasResetByUs(id: number): boolean {
    return this.over.includes(-id);
  }

  endedRecently(id: number): boolean {
    return this.over.includes(id);
  }

  values(): IterableIterator<S> {
    return this.open.values();
  }
}
