import { concat, decodeLatin1, EMPTY_BYTES, encodeLatin1 } from "../bytes.ts";
import { OutputBuffer } from "../http2/output.ts";
import { BodyReader } from "./body-reader.ts";
import { type Http1Fault, type Http1Head, parseHead } from "./request-head.ts";
import { CRLF, encodeChunkSize, encodeResponseHead, LAST_CHUNK, type ResponseFields } from "./response.ts";

export interface Http1Request {
  readonly method: string;
  /** As sent: path and query. */
  readonly target: string;
  /** By lower-case name; repeated fields joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

export interface Http1Handler {
  /** Answer now or later, with `respond`, or with `begin`, `write` and `end`. The next request comes after that. */
  onRequest(connection: Http1ServerConnection, request: Http1Request): void;
  /** The connection ended before the answer did. */
  onCancel(connection: Http1ServerConnection): void;
}

/** What a connection speaks after a request to change to it (RFC 9110 §7.8). */
export interface UpgradedProtocol {
  receive(chunk: Uint8Array): void;
  /** The server shuts down: say goodbye and call `disconnect`, or `writeRaw` and then `disconnect`. */
  shutdown(): void;
}

export interface Http1Limits {
  /** Request line and header section, octets. */
  head: number;
  body: number;
}

export const DEFAULT_HTTP1_LIMITS: Http1Limits = { head: 16_384, body: 4 << 20 };

/** Octets of further requests that may wait while one is answered. */
const MOST_PIPELINED = 262_144;

/**
 * A server's end of an HTTP/1.1 connection without a socket: feed `receive`, write what `takeOutput` gives, close the
 * socket once `closed` is set and the output written. Requests are read strictly (RFC 9112 §11): what two readers could
 * understand differently is refused, and the connection closed. One request at a time; pipelined ones wait.
 */
export class Http1ServerConnection {
  closed = false;
  private readonly handler: Http1Handler;
  private readonly limits: Http1Limits;
  private readonly output = new OutputBuffer();
  /** Received and not yet understood. */
  private input: Uint8Array = EMPTY_BYTES;
  /** How much of `input` holds no end of a head. */
  private searched = 0;
  private head: Http1Head | undefined = undefined;
  private body: BodyReader | undefined = undefined;
  private state: "reading" | "answering" | "streaming" | "upgraded" = "reading";
  private draining = false;
  private upgraded: UpgradedProtocol | undefined = undefined;

  constructor(handler: Http1Handler, limits: Http1Limits = DEFAULT_HTTP1_LIMITS) {
    this.handler = handler;
    this.limits = limits;
  }

  /** Octets of answers that `takeOutput` has not given yet. */
  get queuedBytes(): number {
    return this.output.pending;
  }

  /** "waiting": for a request to begin; "reading": in the midst of one; "answering": it is for the handler to go on. */
  get phase(): "waiting" | "reading" | "answering" {
    if (this.state !== "reading") return "answering";
    return this.head === undefined && this.input.length === 0 ? "waiting" : "reading";
  }

  receive(chunk: Uint8Array): void {
    if (this.closed) return;
    if (this.upgraded !== undefined) return this.upgraded.receive(chunk);
    this.input = this.input.length === 0 ? chunk : concat([this.input, chunk]);
    if (this.state === "reading") this.proceed();
    else if (this.input.length > MOST_PIPELINED) this.disconnect();
  }

  /** @returns what is to be written to the socket, undefined if nothing is. */
  takeOutput(): Uint8Array | undefined {
    return this.output.take();
  }

  /** Answers the request. Content-Length and Connection are added. */
  respond(status: number, fields: ResponseFields, body: Uint8Array): void {
    if (this.closed || this.state !== "answering") return;
    const bare = status === 204 || status === 304;
    const length: ResponseFields = bare ? [] : [["content-length", String(body.length)]];
    this.output.append(encodeResponseHead(status, [...fields, ...length, ...this.connectionField()]));
    if (!bare && this.head!.method !== "HEAD") this.output.append(body);
    this.finish();
  }

  /** Begins an answer of unknown length; then `write`, then `end`. */
  begin(status: number, fields: ResponseFields): void {
    if (this.closed || this.state !== "answering") return;
    // HTTP/1.0 knows no chunks: there, the end of the connection ends the body.
    if (this.head!.version === "1.0") this.draining = true;
    const coding: ResponseFields = this.head!.version === "1.1" ? [["transfer-encoding", "chunked"]] : [];
    this.output.append(encodeResponseHead(status, [...fields, ...coding, ...this.connectionField()]));
    this.state = "streaming";
  }

  write(part: Uint8Array): void {
    if (this.closed || this.state !== "streaming" || part.length === 0 || this.head!.method === "HEAD") return;
    const chunked = this.head!.version === "1.1";
    if (chunked) this.output.append(encodeChunkSize(part.length));
    this.output.append(part);
    if (chunked) this.output.append(CRLF);
  }

  end(): void {
    if (this.closed || this.state !== "streaming") return;
    if (this.head!.version === "1.1" && this.head!.method !== "HEAD") this.output.append(LAST_CHUNK);
    this.finish();
  }

  /** The answer that was begun cannot be ended: closes the connection, so that the client sees that it was cut off. */
  abort(): void {
    if (this.state === "streaming") this.disconnect();
  }

  /**
   * Answers 101: from now on, what is received goes to `protocol`, and what is sent through `writeRaw`. The request must be
   * the last one that the client has sent so far; what came behind it is the protocol's.
   */
  upgrade(fields: ResponseFields, protocol: UpgradedProtocol): void {
    if (this.closed || this.state !== "answering") return;
    this.output.append(encodeResponseHead(101, fields));
    this.state = "upgraded";
    this.upgraded = protocol;
    const behind = this.input;
    this.input = EMPTY_BYTES;
    if (behind.length > 0) protocol.receive(behind);
  }

  /** After `upgrade`. */
  writeRaw(bytes: Uint8Array): void {
    if (!this.closed && this.state === "upgraded") this.output.append(bytes);
  }

  /** Lets the answer in progress end, then closes. */
  shutdown(): void {
    this.draining = true;
    if (this.upgraded !== undefined) return this.upgraded.shutdown();
    if (this.state === "reading" && this.head === undefined && this.input.length === 0) this.closed = true;
  }

  /** The socket is gone, or must go. */
  disconnect(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.state !== "reading") this.handler.onCancel(this);
  }

  private connectionField(): ResponseFields {
    if (this.draining || !this.head!.keepAlive) return [["connection", "close"]];
    return this.head!.version === "1.0" ? [["connection", "keep-alive"]] : [];
  }

  private finish(): void {
    this.state = "reading";
    if (this.draining || !this.head!.keepAlive) this.closed = true;
    this.head = undefined;
    this.body = undefined;
    if (!this.proceeding) this.proceed();
  }

  /** Guards against depth: an answer given inside `onRequest` must not start the next request inside it. */
  private proceeding = false;

  private proceed(): void {
    this.proceeding = true;
    while (!this.closed && this.state === "reading") {
      if (this.head === undefined && !this.readHead()) break;
      if (!this.readBody()) break;
      const { method, target, headers } = this.head!;
      this.state = "answering";
      this.handler.onRequest(this, { method, target, headers, body: this.body!.bytes });
    }
    this.proceeding = false;
  }

  /** @returns whether `head` is set. */
  private readHead(): boolean {
    const end = this.findHeadEnd();
    if (end < 0 && this.input.length <= this.limits.head) return false;
    if (end < 0 || end > this.limits.head) return this.refuse({ status: 431, reason: "header section too large" });
    const head = parseHead(decodeLatin1(this.input, 0, end - 4));
    if ("status" in head) return this.refuse(head);
    this.head = head;
    this.body = new BodyReader(head.body, this.limits.body);
    this.input = this.input.subarray(end);
    this.searched = 0;
    const waits = head.version === "1.1" && head.headers.get("expect")?.toLowerCase() === "100-continue";
    const tooLarge = head.body.type === "length" && head.body.length > this.limits.body;
    if (waits && !tooLarge && this.input.length === 0) this.output.append(encodeResponseHead(100, []));
    return true;
  }

  /** @returns the position behind the empty line, or -1. Lines end with CRLF only, so a bare LF never ends a head. */
  private findHeadEnd(): number {
    const { input } = this;
    const last = Math.min(input.length, this.limits.head + 4);
    for (let i = Math.max(this.searched, 3); i < last; i++) {
      if (input[i] === 10 && input[i - 1] === 13 && input[i - 2] === 10 && input[i - 3] === 13) return i + 1;
    }
    this.searched = last;
    return -1;
  }

  /** @returns whether the body is complete. */
  private readBody(): boolean {
    const progress = this.body!.read(this.input, 0);
    if (typeof progress !== "string") return this.refuse(progress);
    this.input = this.input.subarray(this.body!.position);
    return progress === "done";
  }

  private refuse(fault: Http1Fault): false {
    const text = encodeLatin1(`${fault.reason}\n`);
    const fields: ResponseFields = [
      ["content-type", "text/plain"],
      ["content-length", String(text.length)],
      ["connection", "close"],
    ];
    this.output.append(encodeResponseHead(fault.status, fields));
    this.output.append(text);
    this.closed = true;
    return false;
  }
}
