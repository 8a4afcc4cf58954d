/** gRPC knows 17 status codes, from 0. */
const CODES = 17;

/** Told how long each call took, where somebody wants to know. */
export interface CallTimes {
  /** Microseconds on a monotonic clock. */
  now(): number;
  ended(method: number, micros: number): void;
}

/** How many calls of each method began, and ended with each status: plain numbers, so that counting costs no object. */
export class GrpcCallCounts {
  times: CallTimes | undefined = undefined;
  readonly #started: Float64Array;
  readonly #handled: Float64Array;

  /** @param methods how many there are */
  constructor(methods: number) {
    this.#started = new Float64Array(methods);
    this.#handled = new Float64Array(methods * CODES);
  }

  start(method: number): void {
    (this.#started[method] as number) += 1;
  }

  /** @param code a gRPC status code; what is none counts as UNKNOWN, as clients take it. */
  finish(method: number, code: number): void {
    const known = code >= 0 && code < CODES ? code : 2;
    (this.#handled[method * CODES + known] as number) += 1;
  }

  started(method: number): number {
    return this.#started[method] as number;
  }

  /** Calls that have not ended. */
  open(method: number): number {
    let open = this.started(method);
    for (let code = 0; code < CODES; code++) open -= this.handled(method, code);
    return open;
  }

  handled(method: number, code: number): number {
    return this.#handled[method * CODES + code] as number;
  }
}
