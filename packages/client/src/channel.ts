import { asSynodError, type CallFailure, certainlyNotApplied, SynodError, worthAnotherAttempt } from "./errors.ts";
import { Endpoint, type Metadata, type OpenStream, type StreamHandlers } from "./grpc/endpoint.ts";

export interface ChannelOptions {
  /** Servers of one cluster, as `host:port` or `http://host:port`; any of them answers any request. */
  readonly endpoints: readonly string[];
  /** Milliseconds for one request with all its attempts. Default 5000. */
  readonly timeout?: number;
  /** Milliseconds to wait for one server to accept a connection before the next is tried. Default 1000. */
  readonly connectTimeout?: number;
}

export interface Call {
  /** As in `/etcdserverpb.KV/Put`. */
  readonly path: string;
  readonly request: Uint8Array;
  /** Doing it twice is the same as doing it once, and nothing is lost by not knowing. */
  readonly readOnly: boolean;
  /** The request as a person would name it, for errors. */
  readonly what: string;
}

const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;

/**
 * Requests to a cluster: sent to one endpoint until it fails, then to the next. Tried again only where that cannot do a
 * thing twice: reads, and whatever the failed server certainly did not apply.
 */
export class Channel {
  readonly endpoints: readonly Endpoint[];
  readonly timeout: number;
  /** Sent with every request; changes with authentication. */
  metadata: Metadata = {};
  readonly #connectTimeout: number;
  #current = 0;
  #closed = false;

  constructor(options: ChannelOptions) {
    if (options.endpoints.length === 0)
      throw new SynodError("invalid", "no endpoint is given: name at least one host:port");
    this.endpoints = options.endpoints.map((endpoint) => new Endpoint(addressOf(endpoint)));
    this.timeout = options.timeout ?? 5_000;
    this.#connectTimeout = options.connectTimeout ?? 1_000;
  }

  /** @throws SynodError */
  async call(call: Call): Promise<Uint8Array> {
    const deadline = performance.now() + this.timeout;
    for (let attempt = 1; ; attempt++) {
      const index = this.#current;
      const endpoint = this.endpoints[index] as Endpoint;
      try {
        const patience = this.#patienceWithOne(call, deadline);
        return await endpoint.unary(call.path, call.request, this.metadata, patience, this.#connectTimeout);
      } catch (error) {
        const failure = error as CallFailure;
        const may = call.readOnly || certainlyNotApplied(failure);
        if (!may || !worthAnotherAttempt(failure) || this.#closed) throw this.#asError(failure, call, endpoint);
        this.#moveOn(index);
        const pause = this.#pauseAfter(attempt);
        if (performance.now() + pause >= deadline) throw this.#asError(failure, call, endpoint);
        if (pause > 0) await sleep(pause);
      }
    }
  }

  /** One attempt at one endpoint, for questions about that very node. @throws SynodError */
  async callAt(endpoint: Endpoint, call: Call): Promise<Uint8Array> {
    try {
      const deadline = performance.now() + this.timeout;
      return await endpoint.unary(call.path, call.request, this.metadata, deadline, this.#connectTimeout);
    } catch (error) {
      throw this.#asError(error as CallFailure, call, endpoint);
    }
  }

  /** Opens a stream at the current endpoint. @throws CallFailure; the caller decides what to do, `moveOn` being one thing. */
  async open(path: string, request: Uint8Array, handlers: StreamHandlers): Promise<OpenStream> {
    const index = this.#current;
    try {
      const endpoint = this.endpoints[index] as Endpoint;
      return await endpoint.open(path, request, this.metadata, this.#connectTimeout, handlers);
    } catch (error) {
      this.#moveOn(index);
      throw error;
    }
  }

  /** The next requests go to the next endpoint. */
  moveOn(): void {
    this.#moveOn(this.#current);
  }

  close(): void {
    this.#closed = true;
    for (const endpoint of this.endpoints) endpoint.close();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A server that accepts but never answers must not use up a read's time while there are others to ask. */
  #patienceWithOne(call: Call, deadline: number): number {
    if (!call.readOnly || this.endpoints.length === 1) return deadline;
    return Math.min(deadline, performance.now() + this.timeout / this.endpoints.length);
  }

  #asError(failure: CallFailure, call: Call, endpoint: Endpoint): SynodError {
    if (this.#closed) return new SynodError("closed", `${call.what}: this client is closed`);
    return asSynodError(failure, `${call.what} at ${endpoint.address}`, call.readOnly);
  }

  #moveOn(from: number): void {
    if (this.#current === from) this.#current = (from + 1) % this.endpoints.length;
  }

  /** None until every endpoint was tried once, then twice as long each round. */
  #pauseAfter(attempt: number): number {
    const round = Math.floor(attempt / this.endpoints.length);
    return round === 0 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (round - 1));
  }
}

function addressOf(endpoint: string): string {
  const match = /^(?:http:\/\/)?((?:\[[0-9a-fA-F:]+\]|[^:/[\]]+):\d{1,5})\/?$/.exec(endpoint);
  if (match === null)
    throw new SynodError("invalid", `"${endpoint}" is no endpoint: write host:port, as in 127.0.0.1:2379`);
  return match[1] as string;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
