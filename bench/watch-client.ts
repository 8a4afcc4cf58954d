import { framed } from "synod/cluster-test/grpc";
import { message } from "synod/cluster-test/protobuf";
import { MessageCutter, varint } from "./message-cutter.ts";
import { grpcHeaders, RawHttp2 } from "./raw-http2.ts";

export interface FanOut {
  readonly watchers: number;
  readonly connections: number;
  readonly puts: number;
  readonly inFlight: number;
  readonly valueBytes: number;
}

export interface FanOutResult {
  readonly eventsPerSecond: number;
  readonly putsPerSecond: number;
  readonly responses: number;
}

const KEY = "key00001";
const PATIENCE_MS = 60_000;

/** Watches one key from many streams, writes it, and counts until every watcher has seen every write. Once per object. */
export class FanOutRun {
  readonly #port: number;
  readonly #load: FanOut;
  readonly #sockets: RawHttp2[] = [];
  /** For each connection and stream: events seen. */
  readonly #seen: Map<number, number>[] = [];
  #created = 0;
  #events = 0;
  #responses = 0;
  #acknowledged = 0;
  #wake: () => void = () => {};
  #failure: Error | undefined;

  constructor(port: number, load: FanOut) {
    this.#port = port;
    this.#load = load;
  }

  /** @param beforePuts called when all watchers stand. @throws if an event is lost, doubled or late. */
  async run(beforePuts: () => void): Promise<FanOutResult> {
    const { watchers, puts } = this.#load;
    const deadline = setTimeout(() => this.#fail("not every event arrived in time"), PATIENCE_MS);
    try {
      this.#watch();
      await this.#until(() => this.#created === watchers);
      beforePuts();
      const start = performance.now();
      let lastPut = start;
      this.#put(() => {
        lastPut = performance.now();
      });
      await this.#until(() => this.#events >= watchers * puts && this.#acknowledged === puts);
      const elapsed = performance.now() - start;
      this.#verify();
      return {
        eventsPerSecond: (this.#events / elapsed) * 1000,
        putsPerSecond: (puts / (lastPut - start)) * 1000,
        responses: this.#responses,
      };
    } finally {
      clearTimeout(deadline);
      for (const socket of this.#sockets) socket.close();
    }
  }

  #watch(): void {
    const headers = grpcHeaders("/etcdserverpb.Watch/Watch");
    const body = framed(message([1, message([1, KEY])]));
    const { connections, watchers } = this.#load;
    for (let connection = 0; connection < connections; connection += 1) {
      const seen = new Map<number, number>();
      this.#seen.push(seen);
      const cutter = new MessageCutter((stream, bytes, from, to) => this.#onResponse(seen, stream, bytes, from, to));
      const socket = this.#connect({
        data: (stream, bytes) => cutter.push(stream, bytes),
        ended: (stream) => this.#fail(`the server ended watch stream ${stream}`),
      });
      for (let watcher = connection; watcher < watchers; watcher += connections) socket.open(headers, body, false);
      socket.flush();
    }
  }

  #put(acknowledgedLast: () => void): void {
    const headers = grpcHeaders("/etcdserverpb.KV/Put");
    const value = new Uint8Array(this.#load.valueBytes).fill("v".charCodeAt(0));
    const body = framed(message([1, KEY], [2, value]));
    let sent = 0;
    const send = (): void => {
      if (sent === this.#load.puts) return;
      sent += 1;
      socket.open(headers, body, true);
    };
    const socket = this.#connect({
      data: () => {},
      ended: () => {
        this.#acknowledged += 1;
        if (this.#acknowledged === this.#load.puts) acknowledgedLast();
        send();
        this.#wake();
      },
    });
    for (let index = 0; index < this.#load.inFlight; index += 1) send();
    socket.flush();
  }

  #connect(events: ConstructorParameters<typeof RawHttp2>[1]): RawHttp2 {
    const socket = new RawHttp2(this.#port, events, (reason) => this.#fail(reason));
    this.#sockets.push(socket);
    return socket;
  }

  /** WatchResponse: created = 3, canceled = 4, events = 11. */
  #onResponse(seen: Map<number, number>, stream: number, bytes: Buffer, from: number, to: number): void {
    let events = 0;
    for (let offset = from; offset < to; ) {
      const tag = bytes[offset] as number;
      [, offset] = varint(bytes, offset);
      const [value, next] = varint(bytes, offset);
      if (tag === ((3 << 3) | 0)) this.#created += 1;
      if (tag === ((4 << 3) | 0)) this.#fail("the server canceled a watch");
      if (tag === ((11 << 3) | 2)) events += 1;
      offset = (tag & 7) === 2 ? next + value : next;
    }
    if (events > 0) this.#responses += 1;
    seen.set(stream, (seen.get(stream) ?? 0) + events);
    this.#events += events;
    this.#wake();
  }

  #verify(): void {
    for (const seen of this.#seen) {
      for (const [stream, events] of seen) {
        if (events !== this.#load.puts) throw new Error(`stream ${stream} saw ${events} of ${this.#load.puts} events`);
      }
    }
  }

  async #until(done: () => boolean): Promise<void> {
    while (this.#failure === undefined && !done()) {
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          if (this.#failure !== undefined || done()) resolve();
        };
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(reason: string): void {
    const { watchers, puts } = this.#load;
    this.#failure ??= new Error(
      `${reason} (${this.#created} of ${watchers} watchers, ${this.#events} of ${watchers * puts} events)`,
    );
    this.#wake();
  }
}
