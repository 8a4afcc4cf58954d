import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Endpoint, Metadata, OpenStream, StreamHandlers, UnaryRequest } from "../endpoint.ts";
import { CallFailure } from "../errors.ts";
import { Deframer, frame } from "./frames.ts";

/** As Node's TLS takes them: PEM texts or their bytes. */
export interface TlsOptions {
  /** Who signs servers, if not the well-known authorities. */
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name that the server's certificate must bear, if not the endpoint's host. */
  readonly serverName?: string;
}

/** Bytes the server may send ahead, for one stream and for all; a watch that is not read stops its server, not our heap. */
const WINDOW = 1024 * 1024;
const LARGEST_MESSAGE = 64 * 1024 * 1024;
const PING_EVERY = 5_000;

/** One server: a connection made when needed, shared by all requests, and made anew after it broke. */
export class GrpcEndpoint implements Endpoint {
  readonly address: string;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  #pinging: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #tls: TlsOptions | undefined;

  /** @param address `host:port` @param tls undefined: in the clear */
  constructor(address: string, tls?: TlsOptions) {
    this.address = address;
    this.#tls = tls;
  }

  /** @throws CallFailure */
  async unary(call: UnaryRequest): Promise<Uint8Array> {
    const { deadline, signal } = call;
    const session =
      this.#session ?? (await this.#connected(Math.min(call.connectTimeout, deadline - performance.now())));
    if (signal?.aborted) throw new CallFailure(false, "aborted by the caller");
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined;
      const left = Math.max(1, Math.ceil(deadline - performance.now()));
      const abort = (): void => stream.close(constants.NGHTTP2_CANCEL);
      const handlers: StreamHandlers = {
        message: (bytes) => {
          answer = bytes;
        },
        ended: (failure) => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", abort);
          if (failure !== undefined) reject(failure);
          else if (answer === undefined) reject(new CallFailure(true, "the server ended the call without an answer"));
          else resolve(answer);
        },
      };
      const stream = this.#request(session, call.path, { ...call.metadata, "grpc-timeout": `${left}m` }, handlers);
      const timer = setTimeout(() => stream.destroy(new Error(`no answer within ${left} ms`)), left);
      signal?.addEventListener("abort", abort);
      stream.end(frame(call.request));
    });
  }

  /** One request, answers until one side closes. @throws CallFailure when there is no connection. */
  async open(
    path: string,
    request: Uint8Array,
    metadata: Metadata,
    connectTimeout: number,
    handlers: StreamHandlers,
  ): Promise<OpenStream> {
    const session = this.#session ?? (await this.#connected(connectTimeout));
    const stream = this.#request(session, path, metadata, handlers);
    stream.write(frame(request));
    return {
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      end: () => void stream.end(),
      close: () => stream.close(constants.NGHTTP2_CANCEL),
    };
  }

  close(): void {
    this.#closed = true;
    this.#session?.destroy();
    this.#forget(this.#session);
  }

  #request(session: ClientHttp2Session, path: string, metadata: Metadata, handlers: StreamHandlers): ClientHttp2Stream {
    const stream = session.request(
      { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...metadata },
      { endStream: false },
    );
    follow(stream, handlers);
    return stream;
  }

  #connected(timeout: number): Promise<ClientHttp2Session> {
    if (this.#closed) return Promise.reject(new CallFailure(false, "this client is closed"));
    this.#connecting ??= this.#connect(Math.max(1, Math.ceil(timeout))).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  #connect(timeout: number): Promise<ClientHttp2Session> {
    return new Promise((resolve, reject) => {
      const session = this.#dial();
      // Also when the session says nothing more, as one does whose certificate a server has refused.
      const timer = setTimeout(() => {
        session.destroy();
        reject(new CallFailure(false, `no connection to ${this.address} (not within ${timeout} ms)`));
      }, timeout);
      // "remoteSettings" rather than "connect": whatever merely accepts connections does not count as a server.
      session.once("remoteSettings", () => {
        clearTimeout(timer);
        session.setLocalWindowSize(4 * WINDOW);
        this.#session = session;
        this.#watchOver(session);
        resolve(session);
      });
      session.once("goaway", () => this.#forget(session));
      session.on("error", (error: NodeJS.ErrnoException) => {
        reject(new CallFailure(false, `no connection to ${this.address} (${error.code ?? error.message})`));
      });
      session.once("close", () => {
        clearTimeout(timer);
        this.#forget(session);
        reject(new CallFailure(false, `no connection to ${this.address}`));
      });
    });
  }

  #dial(): ClientHttp2Session {
    const settings = { initialWindowSize: WINDOW, enablePush: false };
    if (this.#tls === undefined) return connect(`http://${this.address}`, { settings });
    const { ca, cert, key, serverName } = this.#tls;
    return connect(`https://${this.address}`, {
      settings,
      ...(ca !== undefined && { ca: ca as string | Buffer }),
      ...(cert !== undefined && { cert: cert as string | Buffer }),
      ...(key !== undefined && { key: key as string | Buffer }),
      ...(serverName !== undefined && { servername: serverName }),
    });
  }

  /** Notices a server that is gone or stopped without closing its connection. */
  #watchOver(session: ClientHttp2Session): void {
    let answered = true;
    this.#pinging = setInterval(() => {
      if (session.closed || session.destroyed) return;
      if (!answered) return void session.destroy(new Error(`${this.address} has not answered for ${PING_EVERY} ms`));
      answered = false;
      session.ping(() => {
        answered = true;
      });
    }, PING_EVERY);
    this.#pinging.unref();
  }

  #forget(session: ClientHttp2Session | undefined): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    clearInterval(this.#pinging);
  }
}

function follow(stream: ClientHttp2Stream, handlers: StreamHandlers): void {
  let status: { code: number; message: string } | undefined;
  let broken: string | undefined;
  const deframer = new Deframer((message) => handlers.message(message), LARGEST_MESSAGE);
  const headers = (received: Record<string, string | string[] | number | undefined>): void => {
    const code = received["grpc-status"];
    if (code !== undefined)
      status = { code: Number(code), message: decodeMessage(String(received["grpc-message"] ?? "")) };
    else if (received[":status"] !== undefined && received[":status"] !== 200)
      broken = `HTTP status ${received[":status"]}`;
  };
  stream.on("response", headers);
  stream.on("trailers", headers);
  stream.on("data", (piece: Buffer) => {
    broken ??= deframer.push(piece);
    if (broken !== undefined) stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.on("error", (error: NodeJS.ErrnoException) => {
    broken ??= error.message;
  });
  stream.once("close", () => {
    if (status?.code === 0 && broken === undefined) handlers.ended(undefined);
    else if (status !== undefined && status.code !== 0)
      handlers.ended(new CallFailure(true, status.message, status.code));
    else handlers.ended(new CallFailure(wasSent(stream), broken ?? "the connection broke before the answer"));
  });
}

/** RFC 9113 §8.7: a refused stream, or one above the last of GOAWAY, has not been processed. */
function wasSent(stream: ClientHttp2Stream): boolean {
  return stream.id !== undefined && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM;
}

/** grpc-message is percent-encoded UTF-8; one that is not is shown as it came. */
function decodeMessage(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
