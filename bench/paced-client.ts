import { grpcHeaders, RawHttp2 } from "./raw-http2.ts";
import { quantile } from "./statistics.ts";

export interface PacedResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestMs: number;
  /** How much later than due a request left this client, at worst: of the times above, that much may be the client's. */
  readonly latestMs: number;
}

/** Answers that are missing this long after the last request was sent do not come. */
const PATIENCE_MS = 15_000;

/** Sends requests by the clock, those that are due in the same millisecond together. Once per object. */
export class PacedRun {
  readonly #sockets: RawHttp2[] = [];
  /** For each connection: when the request of each stream was due. */
  readonly #due: Map<number, number>[] = [];
  readonly #headers: Buffer;
  readonly #bodies: readonly Buffer[];
  readonly #latencies: number[] = [];
  #requests = 0;
  #failed: (error: Error) => void = () => {};
  #answered: () => void = () => {};

  /** @param bodies sent in turn. */
  constructor(port: number, connections: number, method: string, bodies: readonly Buffer[]) {
    this.#headers = grpcHeaders(method);
    this.#bodies = bodies;
    for (let index = 0; index < connections; index += 1) {
      const due = new Map<number, number>();
      this.#due.push(due);
      const ended = (stream: number): void => {
        this.#latencies.push(performance.now() - (due.get(stream) as number));
        due.delete(stream);
        if (this.#latencies.length === this.#requests) this.#answered();
      };
      this.#sockets.push(new RawHttp2(port, { data: () => {}, ended }, (reason) => this.#failed(new Error(reason))));
    }
  }

  /** @throws if the connection fails or an answer is missing. */
  async run(ratePerSecond: number, seconds: number): Promise<PacedResult> {
    this.#requests = Math.round(ratePerSecond * seconds);
    let patience: NodeJS.Timeout | undefined;
    try {
      const latestMs = await new Promise<number>((resolve, reject) => {
        let latest = 0;
        this.#failed = reject;
        this.#answered = () => resolve(latest);
        this.#send(ratePerSecond, (late) => {
          latest = late;
          const missing = (): void =>
            reject(new Error(`${this.#requests - this.#latencies.length} answers are missing`));
          patience = setTimeout(missing, PATIENCE_MS);
        });
      });
      const of = (q: number): number => quantile(this.#latencies, q);
      const times = { p50Ms: of(0.5), p99Ms: of(0.99), p999Ms: of(0.999), longestMs: of(1) };
      return { requests: this.#requests, seconds, ...times, latestMs };
    } finally {
      clearTimeout(patience);
      for (const socket of this.#sockets) socket.close();
    }
  }

  /** @param sent called when the last request has left, with the worst delay. */
  #send(ratePerSecond: number, sent: (latest: number) => void): void {
    const start = Math.ceil(performance.now());
    let latest = 0;
    let next = 0;
    const turn = (): void => {
      const now = performance.now();
      for (; next < this.#requests; next += 1) {
        const due = start + Math.floor((next * 1000) / ratePerSecond);
        if (due > now) break;
        latest = Math.max(latest, now - due);
        const connection = next % this.#sockets.length;
        const body = this.#bodies[next % this.#bodies.length] as Buffer;
        const stream = (this.#sockets[connection] as RawHttp2).open(this.#headers, body, true);
        (this.#due[connection] as Map<number, number>).set(stream, due);
      }
      for (const socket of this.#sockets) socket.flush();
      if (next < this.#requests) setTimeout(turn, 1);
      else sent(latest);
    };
    turn();
  }
}
