import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";

/** How a call ended, as far as its caller can know. */
export type Reply =
  | { type: "ok"; message: Uint8Array }
  /** The server answered with a gRPC status other than 0. */
  | { type: "status"; code: number; text: string }
  /** No connection: the request never left. */
  | { type: "notSent"; reason: string }
  /** It left, and no answer came. */
  | { type: "lost"; reason: string };

/** A gRPC client on Node's own HTTP/2: slow, plain, and nobody's fault but Node's. */
export class GrpcClient {
  readonly #address: string;
  #connection: Connection | undefined;

  /** @param address host:port */
  constructor(address: string) {
    this.#address = address;
  }

  /** One request, one reply. Never rejects. */
  unary(method: string, body: Uint8Array, timeoutMs: number): Promise<Reply> {
    return new Promise((resolve) => {
      const connection = this.#connect();
      const stream = connection.session.request(headers(method));
      const chunks: Buffer[] = [];
      let status: Reply | undefined;
      const finish = (reply: Reply): void => {
        clearTimeout(timer);
        resolve(reply);
      };
      const abandon = (reason: string): void => finish({ type: connection.established ? "lost" : "notSent", reason });
      const timer = setTimeout(() => {
        abandon(`no answer within ${timeoutMs} ms`);
        stream.destroy();
        // A session that does not answer may be a black hole: the next call dials anew.
        if (this.#connection === connection) this.close();
      }, timeoutMs);
      const readStatus = (sent: Record<string, unknown>): void => {
        if (sent["grpc-status"] === undefined || sent["grpc-status"] === "0") return;
        const text = decodeURIComponent(String(sent["grpc-message"] ?? ""));
        status = { type: "status", code: Number(sent["grpc-status"]), text };
      };
      stream.on("response", readStatus);
      stream.on("trailers", readStatus);
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const bytes = Buffer.concat(chunks);
        if (status !== undefined) finish(status);
        else if (bytes.length < 5) abandon("the stream ended without a reply");
        else finish({ type: "ok", message: bytes.subarray(5) });
      });
      stream.on("error", (error) => abandon(error.message));
      stream.on("close", () => abandon("the stream was closed"));
      stream.end(framed(body));
    });
  }

  /** A stream of messages in both directions; `ended` is called once. */
  stream(method: string, onMessage: (message: Uint8Array) => void, ended: () => void): MessageStream {
    const stream = this.#connect().session.request(headers(method));
    let pending: Buffer = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
        const end = 5 + pending.readUInt32BE(1);
        onMessage(pending.subarray(5, end));
        pending = pending.subarray(end);
      }
    });
    stream.on("error", () => {});
    stream.on("close", ended);
    return new MessageStream(stream);
  }

  close(): void {
    this.#connection?.session.destroy();
    this.#connection = undefined;
  }

  #connect(): Connection {
    const current = this.#connection;
    if (current !== undefined && !current.session.closed && !current.session.destroyed) return current;
    const session = connect(`http://${this.#address}`);
    const connection: Connection = { session, established: false };
    this.#connection = connection;
    session.on("connect", () => {
      connection.established = true;
    });
    session.on("error", () => session.destroy());
    session.on("goaway", () => session.close());
    return connection;
  }
}

interface Connection {
  readonly session: ClientHttp2Session;
  established: boolean;
}

export class MessageStream {
  readonly #stream: ClientHttp2Stream;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
  }

  send(message: Uint8Array): void {
    this.#stream.write(framed(message));
  }

  close(): void {
    this.#stream.close();
  }
}

function headers(method: string): Record<string, string> {
  return { ":method": "POST", ":path": method, "content-type": "application/grpc", te: "trailers" };
}

/** A gRPC message on the wire: one byte "not compressed", four bytes of length, the message. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
