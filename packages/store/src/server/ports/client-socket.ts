import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { DEFAULT_GRPC_LIMITS, type GrpcLimits, GrpcServerConnection } from "@synod/wire/grpc/server-connection";
import { detect } from "@synod/wire/http1/detect";
import { type Http1Limits, Http1ServerConnection } from "@synod/wire/http1/server-connection";
import { StoreConnection } from "../connection.ts";
import { METHODS } from "../methods.ts";
import type { StoreService } from "../service.ts";
import { HttpDoor, type HttpDoorOptions } from "./http-door.ts";
import { largestBody } from "./http-exchange.ts";

/** Reading stops while the peer leaves more than this unread. */
const UNREAD_LIMIT = 4 << 20;
const FIRST_BYTES_TIMEOUT_MS = 10_000;
/** Between requests of HTTP/1.1, and while a client takes nothing of what it is sent. */
const IDLE_TIMEOUT_MS = 120_000;
/** How long a client that was refused may still send. */
const LINGER_MS = 1000;
const MESSAGE_SLACK = 512 << 10;

/** One client's socket: finds out what it speaks, feeds the connection, and writes once a turn. */
export class ClientSocket {
  readonly #socket: Socket;
  readonly #service: StoreService;
  readonly #store: StoreConnection;
  readonly #httpOptions: HttpDoorOptions;
  #grpc: GrpcServerConnection | undefined;
  #http1: Http1ServerConnection | undefined;
  #door: HttpDoor | undefined;
  #requestTimer: NodeJS.Timeout | undefined;
  /** What came before it was clear what the client speaks. */
  #first: Buffer | undefined;

  constructor(socket: Socket, service: StoreService, http: HttpDoorOptions, onClose: () => void) {
    this.#socket = socket;
    this.#service = service;
    this.#httpOptions = http;
    this.#store = new StoreConnection(service, () => this.#flush());
    this.#store.remote = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => this.#onIdle());
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#grpc?.disconnect();
      this.#http1?.disconnect();
      clearTimeout(this.#requestTimer);
      service.closed(this.#store);
      onClose();
    });
  }

  /** Lets calls in progress end. */
  shutdown(): void {
    if (this.#grpc === undefined && this.#http1 === undefined) this.#socket.destroy();
    this.#grpc?.shutdown();
    this.#http1?.shutdown();
    this.#flush();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#grpc !== undefined) this.#receiveGrpc(this.#grpc, chunk);
    else if (this.#http1 !== undefined) this.#receiveHttp1(this.#http1, chunk);
    else this.#detect(chunk);
    this.#store.touch();
  }

  #detect(chunk: Buffer): void {
    const first = this.#first === undefined ? chunk : Buffer.concat([this.#first, chunk]);
    const spoken = detect(first);
    this.#first = spoken === "unknown" ? first : undefined;
    if (spoken === "unknown") return;
    if (spoken === "http1") {
      this.#socket.setTimeout(IDLE_TIMEOUT_MS);
      this.#door = new HttpDoor(this.#store, this.#httpOptions);
      this.#http1 = new Http1ServerConnection(this.#door, http1Limits(this.#service));
      this.#receiveHttp1(this.#http1, first);
      return;
    }
    this.#socket.setTimeout(0);
    this.#grpc = new GrpcServerConnection(METHODS, this.#store, grpcLimits(this.#service));
    this.#grpc.counts = this.#service.traffic.calls;
    this.#store.grpc = this.#grpc;
    this.#store.callers.certificateUser = commonName(this.#socket);
    this.#receiveGrpc(this.#grpc, first);
  }

  #receiveGrpc(grpc: GrpcServerConnection, chunk: Buffer): void {
    this.#service.traffic.receivedBytes += chunk.length;
    grpc.receive(chunk, this.#service.options.now());
  }

  #receiveHttp1(http1: Http1ServerConnection, chunk: Buffer): void {
    http1.receive(chunk);
    if (http1.phase !== "reading") {
      clearTimeout(this.#requestTimer);
      this.#requestTimer = undefined;
    } else this.#requestTimer ??= setTimeout(() => this.#socket.destroy(), this.#httpOptions.requestTimeoutMs);
  }

  /** Nothing has moved for a while. A call may take its time, and a stream may be quiet; a client may not just sit there. */
  #onIdle(): void {
    const socket = this.#socket;
    if (this.#http1?.phase !== "answering" || socket.writableLength > 0) socket.destroy();
    else socket.setTimeout(IDLE_TIMEOUT_MS);
  }

  /** Everything that the turn has brought, in one write where it is not very much. */
  #flush(): void {
    const connection = this.#grpc ?? this.#http1;
    const socket = this.#socket;
    if (connection === undefined || socket.destroyed) return;
    while (!socket.writableNeedDrain) {
      const bytes = connection.takeOutput();
      if (bytes === undefined) break;
      if (this.#grpc !== undefined) this.#service.traffic.sentBytes += bytes.length;
      if (!socket.write(bytes)) this.#grpc?.setCongested(true);
    }
    if (!socket.writableNeedDrain) {
      if (connection.closed) this.#end();
      else this.#door?.calls.writable();
    } else if (socket.writableLength + connection.queuedBytes > UNREAD_LIMIT) socket.pause();
  }

  #end(): void {
    const socket = this.#socket;
    socket.end(() => {
      // A client that goes on sending what nobody reads must not keep the socket.
      clearTimeout(this.#requestTimer);
      if (!socket.destroyed) this.#requestTimer = setTimeout(() => socket.destroy(), LINGER_MS);
    });
  }

  #onDrain(): void {
    this.#grpc?.setCongested(false);
    this.#flush();
    if (!this.#socket.writableNeedDrain && this.#socket.isPaused()) this.#socket.resume();
  }
}

/** What is a little too large is to be refused by the store, in etcd's words. */
function grpcLimits({ limits }: StoreService): GrpcLimits {
  return { ...DEFAULT_GRPC_LIMITS, message: limits.requestBytes + MESSAGE_SLACK };
}

function http1Limits({ limits }: StoreService): Http1Limits {
  return { head: 16_384, body: largestBody(limits) };
}

/** Whom the client's certificate is for: an authority that the server trusts has vouched for it. undefined: there is none. */
function commonName(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" && name !== "" ? name : undefined;
}
