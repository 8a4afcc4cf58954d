import type { Endpoint, Metadata, OpenStream, StreamHandlers } from "./endpoint.ts";
import {
  asSynodError,
  type CallFailure,
  certainlyNotApplied,
  Status,
  SynodError,
  wantsAnotherToken,
  worthAnotherAttempt,
} from "./errors.ts";
import { pause } from "./wait.ts";

export interface PoolOptions {
  /** Milliseconds for one request with all its attempts. Default 5000. */
  readonly timeout?: number;
  /** Milliseconds to wait for one server to accept a connection before the next is tried. Default 1000. */
  readonly connectTimeout?: number;
}

/** Who asks, where the store knows users. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface Call {
  /** As in `/etcdserverpb.KV/Put`. */
  readonly path: string;
  readonly request: Uint8Array;
  /** Doing it twice is the same as doing it once, and nothing is lost by not knowing. */
  readonly readOnly: boolean;
  /** The request as a person would name it, for errors. */
  readonly what: string;
  /** Milliseconds, if less than the pool's. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a pool proves who it is: a call whose answer holds what goes with every other call. */
export interface Authentication {
  readonly path: string;
  readonly request: Uint8Array;
  metadata(answer: Uint8Array): Metadata;
}

const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;
const MOST_TOKENS = 3;

/**
 * Requests to a cluster: sent to one endpoint until it fails, then to the next. Tried again only where that cannot do a
 * thing twice: reads, and whatever the failed server certainly did not apply.
 */
export class EndpointPool {
  readonly endpoints: readonly Endpoint[];
  readonly timeout: number;
  /** Sent with every request; changes with authentication. */
  metadata: Metadata = {};
  readonly #connectTimeout: number;
  readonly #authentication: Authentication | undefined;
  #authenticated: Promise<void> | undefined;
  #current = 0;
  #closed = false;

  constructor(endpoints: readonly Endpoint[], options: PoolOptions, authentication?: Authentication) {
    if (endpoints.length === 0) throw new SynodError("invalid", "no endpoint is given: name at least one host:port");
    this.endpoints = endpoints;
    this.timeout = options.timeout ?? 5_000;
    this.#connectTimeout = options.connectTimeout ?? 1_000;
    this.#authentication = authentication;
  }

  /** @throws SynodError */
  async call(call: Call): Promise<Uint8Array> {
    if (this.#authentication === undefined) return this.#attempts(call);
    for (let tokens = 1; ; tokens++) {
      await this.authenticated();
      try {
        return await this.#attempts(call);
      } catch (error) {
        if (tokens === MOST_TOKENS || !(error instanceof SynodError && wantsAnotherToken(error.message))) throw error;
        this.forgetToken();
      }
    }
  }

  /** One attempt at one endpoint, for questions about that very node. @throws SynodError */
  async callAt(endpoint: Endpoint, call: Call): Promise<Uint8Array> {
    await this.authenticated();
    try {
      return await this.#unary(endpoint, call, performance.now() + (call.timeout ?? this.timeout));
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

  /** Returns once there is a token, if one is needed. @throws SynodError "denied" */
  async authenticated(): Promise<void> {
    if (this.#authentication === undefined) return;
    this.#authenticated ??= this.#authenticate(this.#authentication).catch((error) => {
      this.#authenticated = undefined;
      throw error;
    });
    await this.#authenticated;
  }

  /** The next request asks for another token. @returns false when there is no way to get one. */
  forgetToken(): boolean {
    this.#authenticated = undefined;
    return this.#authentication !== undefined;
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

  async #authenticate({ path, request, metadata }: Authentication): Promise<void> {
    try {
      this.metadata = metadata(await this.#attempts({ path, request, readOnly: true, what: "authenticate" }));
    } catch (error) {
      // A store without users wants no token.
      if (!(error instanceof SynodError && error.message.includes("authentication is not enabled"))) throw error;
      this.metadata = {};
    }
  }

  async #attempts(call: Call): Promise<Uint8Array> {
    const deadline = performance.now() + Math.min(call.timeout ?? this.timeout, this.timeout);
    for (let attempt = 1; ; attempt++) {
      const index = this.#current;
      const endpoint = this.endpoints[index] as Endpoint;
      if (call.signal?.aborted) throw new SynodError("aborted", `${call.what}: aborted by the caller`);
      try {
        return await this.#unary(endpoint, call, this.#patienceWithOne(call, deadline));
      } catch (error) {
        const failure = error as CallFailure;
        const may = (call.readOnly || certainlyNotApplied(failure)) && worthAnotherAttempt(failure);
        if (!may || this.#closed || call.signal?.aborted) throw this.#asError(failure, call, endpoint);
        this.#moveOn(index);
        const rest = this.#pauseAfter(attempt);
        if (performance.now() + rest >= deadline) throw this.#asError(failure, call, endpoint);
        if (rest > 0) await pause(rest, call.signal);
      }
    }
  }

  #unary(endpoint: Endpoint, { path, request, readOnly, signal }: Call, deadline: number): Promise<Uint8Array> {
    const { metadata } = this;
    return endpoint.unary({
      path,
      request,
      metadata,
      deadline,
      connectTimeout: this.#connectTimeout,
      readOnly,
      signal,
    });
  }

  /** A server that accepts but never answers must not use up a read's time while there are others to ask. */
  #patienceWithOne(call: Call, deadline: number): number {
    if (!call.readOnly || this.endpoints.length === 1) return deadline;
    const now = performance.now();
    return Math.min(deadline, now + Math.min(call.timeout ?? this.timeout, this.timeout) / this.endpoints.length);
  }

  #asError(failure: CallFailure, call: Call, endpoint: Endpoint): SynodError {
    const ended = this.#closed ? "closed" : call.signal?.aborted ? "aborted" : undefined;
    if (ended === undefined || (failure.status ?? Status.canceled) !== Status.canceled)
      return asSynodError(failure, `${call.what} at ${endpoint.address}`, call.readOnly);
    const reason = ended === "closed" ? "this client is closed" : "aborted by the caller";
    const outcome = call.readOnly || certainlyNotApplied(failure) ? "refused" : "unknown";
    return new SynodError(ended, `${call.what}: ${reason}`, undefined, outcome);
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
