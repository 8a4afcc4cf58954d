import { framed } from "synod/cluster-test/grpc";
import { message } from "synod/cluster-test/protobuf";
import { MessageCutter, varint } from "./message-cutter.ts";
import { grpcHeaders, RawHttp2 } from "./raw-http2.ts";
import { quantile } from "./statistics.ts";

export interface KeepAliveLoad {
  readonly connections: number;
  /** Calls of LeaseKeepAlive on each connection. */
  readonly streams: number;
  /** Renewals under way on each call, each of a lease of its own. */
  readonly inFlight: number;
}

export interface KeepAliveResult {
  readonly renewalsPerSecond: number;
  readonly renewals: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Answers that are missing this long after the last request do not come. */
const PATIENCE_MS = 15_000;

/** A renewal under way: whose lease, and since when. */
interface Renewal {
  readonly lease: number;
  readonly sent: number;
}

/**
 * Renews leases as fast as the answers come, over calls that stay open as those of client libraries do. Lease 1 belongs to
 * the first renewal under way, and so on. Once per object.
 */
export class KeepAliveRun {
  readonly #port: number;
  readonly #load: KeepAliveLoad;
  readonly #ttl: number;
  readonly #bodies: readonly Buffer[];
  readonly #latencies: number[] = [];
  #end = 0;
  #underWay = 0;
  #finished: (error?: Error) => void = () => {};

  /** @param ttl what every answer must say, in seconds. */
  constructor(port: number, load: KeepAliveLoad, ttl: number) {
    this.#port = port;
    this.#load = load;
    this.#ttl = ttl;
    const leases = load.connections * load.streams * load.inFlight;
    this.#bodies = Array.from({ length: leases + 1 }, (_, lease) => framed(message([1, lease])));
  }

  /** @throws if an answer is of another lease than was asked for, or says another time to live, or none comes. */
  async run(milliseconds: number): Promise<KeepAliveResult> {
    const { connections } = this.#load;
    const start = performance.now();
    this.#end = start + milliseconds;
    const sockets: RawHttp2[] = [];
    const over = new Promise<void>((resolve, reject) => {
      this.#finished = (error) => (error === undefined ? resolve() : reject(error));
    });
    const missing = (): void => this.#finished(new Error("answers to renewals are missing"));
    const patience = setTimeout(missing, milliseconds + PATIENCE_MS);
    try {
      for (let index = 0; index < connections; index += 1) sockets.push(this.#connect(index));
      await over;
      const renewals = this.#latencies.length;
      const renewalsPerSecond = (renewals / (performance.now() - start)) * 1000;
      const [p50Ms, p99Ms] = [quantile(this.#latencies, 0.5), quantile(this.#latencies, 0.99)];
      return { renewalsPerSecond, renewals, p50Ms, p99Ms };
    } finally {
      clearTimeout(patience);
      for (const socket of sockets) socket.close();
    }
  }

  #connect(connection: number): RawHttp2 {
    const { streams, inFlight } = this.#load;
    const waiting = new Map<number, Renewal[]>();
    const cutter = new MessageCutter((stream, bytes, from, to) => {
      const renewal = this.#verified(waiting.get(stream)?.shift(), bytes, from, to);
      if (renewal === undefined) return;
      const now = performance.now();
      this.#latencies.push(now - renewal.sent);
      if (now < this.#end) {
        waiting.get(stream)?.push({ lease: renewal.lease, sent: now });
        socket.send(stream, this.#bodies[renewal.lease] as Buffer);
      } else if (--this.#underWay === 0) this.#finished();
    });
    const data = (stream: number, bytes: Buffer): void => cutter.push(stream, bytes);
    const ended = (stream: number): void => this.#finished(new Error(`the server ended keep-alive stream ${stream}`));
    const failed = (reason: string): void => this.#finished(new Error(reason));
    const socket = new RawHttp2(this.#port, { data, ended }, failed);
    const headers = grpcHeaders("/etcdserverpb.Lease/LeaseKeepAlive");
    for (let call = 0; call < streams; call += 1) {
      const first = (connection * streams + call) * inFlight + 1;
      const sent = performance.now();
      const stream = socket.open(headers, this.#bodies[first] as Buffer, false);
      for (let lease = first + 1; lease < first + inFlight; lease += 1) {
        socket.send(stream, this.#bodies[lease] as Buffer);
      }
      waiting.set(
        stream,
        Array.from({ length: inFlight }, (_, index) => ({ lease: first + index, sent })),
      );
      this.#underWay += inFlight;
    }
    socket.flush();
    return socket;
  }

  /** LeaseKeepAliveResponse: ID = 2, TTL = 3. Answers come in the order of the requests. */
  #verified(renewal: Renewal | undefined, bytes: Buffer, from: number, to: number): Renewal | undefined {
    let lease = 0;
    let ttl = 0;
    for (let offset = from; offset < to; ) {
      const tag = bytes[offset] as number;
      const [value, next] = varint(bytes, offset + 1);
      if (tag === 2 << 3) lease = value;
      if (tag === 3 << 3) ttl = value;
      offset = (tag & 7) === 2 ? next + value : next;
    }
    if (renewal !== undefined && renewal.lease === lease && ttl === this.#ttl) return renewal;
    this.#finished(new Error(`lease ${renewal?.lease}: the answer is of lease ${lease}, for ${ttl} s`));
    return undefined;
  }
}
