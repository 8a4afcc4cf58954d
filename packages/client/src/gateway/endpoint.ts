import type { Endpoint, Metadata, OpenStream, StreamHandlers, UnaryRequest } from "../endpoint.ts";
import { CallFailure, Status } from "../errors.ts";
import { asObject, decodeJson, type Json } from "./json.ts";
import { Lines } from "./lines.ts";

/** What is needed of the platform's `fetch`: another one may know of certificates, proxies or cookies. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const PING_EVERY = 5_000;
const LONGEST_MESSAGE = 64 * 1024 * 1024;

/** One server's JSON gateway, by `fetch`: in a browser as in Node. */
export class GatewayEndpoint implements Endpoint {
  readonly address: string;
  readonly #url: string;
  readonly #fetch: Fetch;
  readonly #ending: AbortController = new AbortController();
  readonly #streams: Set<AbortController> = new Set();
  #pinging: ReturnType<typeof setTimeout> | undefined;
  /** It has answered, and not failed since. */
  #reached = false;

  /** @param url as in `http://127.0.0.1:2379`, without a path */
  constructor(url: string, fetch: Fetch) {
    this.address = url.replace(/^https?:\/\//, "");
    this.#url = url;
    this.#fetch = fetch;
  }

  /** @throws CallFailure */
  async unary(call: UnaryRequest): Promise<Uint8Array> {
    const over = new AbortController();
    const left = Math.max(1, Math.ceil(call.deadline - performance.now()));
    const timer = setTimeout(() => over.abort(new Error(`no answer within ${left} ms`)), left);
    const signals = [over.signal, this.#ending.signal];
    if (call.signal !== undefined) signals.push(call.signal);
    const signal = AbortSignal.any(signals);
    try {
      if (!call.readOnly && !this.#reached) await this.#reach(call.connectTimeout, signal);
      const response = await this.#post(call.path, call.request, call.metadata, signal);
      const answer = read(new Uint8Array(await response.arrayBuffer()), response.ok);
      this.#reached = true;
      return answer;
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns once the server has begun to answer. @throws CallFailure */
  async open(
    path: string,
    request: Uint8Array,
    metadata: Metadata,
    connectTimeout: number,
    handlers: StreamHandlers,
  ): Promise<OpenStream> {
    const stream = new AbortController();
    const signal = AbortSignal.any([stream.signal, this.#ending.signal]);
    const late = new Error(`not within ${connectTimeout} ms`);
    const timer = setTimeout(() => stream.abort(late), Math.max(1, connectTimeout));
    try {
      const response = await this.#post(path, request, metadata, signal);
      if (!response.ok || response.body === null)
        read(new Uint8Array(await response.arrayBuffer()), response.ok && response.body !== null);
      this.#streams.add(stream);
      this.#watchOver();
      const gone = (): void => void this.#streams.delete(stream);
      return new GatewayStream(response.body as ReadableStream<Uint8Array>, stream, handlers, gone, (error) =>
        this.#failure(error, signal),
      );
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    clearTimeout(this.#pinging);
    this.#pinging = undefined;
    this.#ending.abort(new Error("this client is closed"));
  }

  #post(path: string, request: Uint8Array, metadata: Metadata, signal: AbortSignal): Promise<Response> {
    if (this.#ending.signal.aborted) throw new CallFailure(false, "this client is closed");
    const headers = { "content-type": "application/json", ...metadata };
    return this.#fetch(`${this.#url}${path}`, {
      method: "POST",
      headers,
      body: request as Uint8Array<ArrayBuffer>,
      signal,
    });
  }

  /**
   * A `fetch` that fails does not say whether the request has left. So before a write goes to a server that has not answered
   * lately, it is asked something harmless: if that fails, the write certainly was not sent.
   */
  async #reach(timeout: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#version(AbortSignal.any([signal, AbortSignal.timeout(timeout)]));
      this.#reached = true;
    } catch (error) {
      throw new CallFailure(false, `no connection to ${this.address} (${reasonOf(error)})`);
    }
  }

  async #version(signal: AbortSignal): Promise<void> {
    const response = await this.#fetch(`${this.#url}/version`, { method: "GET", signal });
    await response.arrayBuffer();
  }

  /** Notices a server that is gone or stopped without closing its connections: asks it while a stream is open. */
  #watchOver(): void {
    this.#pinging ??= setTimeout(async () => {
      try {
        await this.#version(AbortSignal.timeout(PING_EVERY));
      } catch {
        const silent = new Error(`${this.address} has not answered for ${PING_EVERY} ms`);
        for (const stream of this.#streams) stream.abort(silent);
      }
      this.#pinging = undefined;
      if (this.#streams.size > 0 && !this.#ending.signal.aborted) this.#watchOver();
    }, PING_EVERY);
    (this.#pinging as { unref?(): void }).unref?.(); // in Node, no reason to go on running
  }

  #failure(error: unknown, signal: AbortSignal): CallFailure {
    if (error instanceof CallFailure) return error;
    this.#reached = false;
    const reason = reasonOf(signal.aborted ? signal.reason : error);
    return new CallFailure(reason !== "ECONNREFUSED", `${this.address}: ${reason}`);
  }
}

/** A body of lines, `{"result":…}` each, and perhaps a last one with `error`. */
class GatewayStream implements OpenStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #control: AbortController;
  readonly #handlers: StreamHandlers;
  #paused = false;
  #resume: () => void = () => {};

  constructor(
    body: ReadableStream<Uint8Array>,
    control: AbortController,
    handlers: StreamHandlers,
    gone: () => void,
    failure: (error: unknown) => CallFailure,
  ) {
    this.#reader = body.getReader();
    this.#control = control;
    this.#handlers = handlers;
    const ended = (reason: CallFailure | undefined): void => {
      gone();
      handlers.ended(reason);
    };
    // Not before the caller knows its stream.
    setTimeout(() => {
      this.#run().then(
        () => ended(undefined),
        (error) => ended(failure(error)),
      );
    }, 0);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#resume();
  }

  end(): void {} // the request's body has ended with the first message

  close(): void {
    this.#control.abort(new Error("closed"));
    this.resume();
  }

  async #run(): Promise<void> {
    const lines = new Lines(LONGEST_MESSAGE);
    for (;;) {
      if (this.#paused)
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
      const { done, value } = await this.#reader.read();
      if (done) break;
      for (const line of lines.push(value)) this.#message(line);
    }
    this.#message(lines.rest());
  }

  #message(line: Uint8Array): void {
    if (line.length > 0) this.#handlers.message(read(line, true));
  }
}

const RESULT = asBytes('{"result":');
const ERROR = asBytes('{"error"');
const BRACE = 125;

/** Takes the answer out of what streams put around it. @throws CallFailure: the server's own error */
function read(bytes: Uint8Array, ok: boolean): Uint8Array {
  if (ok && startsWith(bytes, RESULT)) return bytes.subarray(RESULT.length, bytes.lastIndexOf(BRACE));
  if (ok && !startsWith(bytes, ERROR)) return bytes;
  let json: Json;
  try {
    json = decodeJson(bytes);
  } catch {
    throw new CallFailure(true, "the answer is no JSON: is this a store's client port?");
  }
  const error = typeof json.error === "object" ? asObject(json.error) : json;
  const code = Number(error.grpc_code ?? error.code ?? Status.unknown);
  throw new CallFailure(true, String(error.message ?? error.error), code);
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function asBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}
