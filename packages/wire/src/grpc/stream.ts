import type { RequestHead } from "../http2/request-head.ts";
import { Stream } from "../http2/stream.ts";

/** The handler is not told of this stream, or not any more. */
export const NO_METHOD = -1;

/** Octets of unfinished requests that the streams of one connection hold together. */
export interface HeldBytes {
  total: number;
}

/** An RPC: an HTTP/2 stream and how far its messages have come. */
export class GrpcStream extends Stream {
  head: RequestHead | undefined = undefined;
  method: number = NO_METHOD;
  /** Microseconds; only where calls are timed. */
  startedAt = 0;
  clientStreaming = false;
  headersSent = false;
  /** The request's only message, complete, until the client half-closes. */
  single: Uint8Array | undefined = undefined;

  // The message that is cut by the end of a DATA frame: its prefix, then its body, which grows as octets arrive.
  prefixHeld = 0;
  compressed = 0;
  length = 0;
  body: Uint8Array | undefined = undefined;
  bodyHeld = 0;

  private readonly connection: HeldBytes;
  private held = 0;

  constructor(connection: HeldBytes) {
    super();
    this.connection = connection;
  }

  begin(head: RequestHead | undefined, method: number, clientStreaming: boolean): void {
    this.head = head;
    this.method = method;
    this.clientStreaming = clientStreaming;
    this.headersSent = false;
    this.prefixHeld = 0;
  }

  /** Says how many octets this stream holds from now on. */
  hold(bytes: number): void {
    this.connection.total += bytes - this.held;
    this.held = bytes;
  }

  override release(): void {
    super.release();
    this.head = undefined;
    this.method = NO_METHOD;
    this.single = undefined;
    this.body = undefined;
    if (this.held !== 0) this.hold(0);
  }
}
