import type { Socket } from "node:net";
import { GrpcServerConnection } from "@synod/wire/grpc/server-connection";
import { detect } from "@synod/wire/http1/detect";
import { type Http1Handler, Http1ServerConnection } from "@synod/wire/http1/server-connection";
import { StoreConnection } from "./connection.ts";
import { METHODS } from "./methods.ts";
import type { StoreService } from "./service.ts";

/** Reading stops while the peer leaves more than this unread. */
const UNREAD_LIMIT = 4 << 20;
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** One client's socket: finds out what it speaks, feeds the connection, and writes once a turn. */
export class ClientSocket {
  readonly #socket: Socket;
  readonly #service: StoreService;
  readonly #store: StoreConnection;
  readonly #http1Handler: Http1Handler;
  #grpc: GrpcServerConnection | undefined;
  #http1: Http1ServerConnection | undefined;
  /** What came before it was clear what the client speaks. */
  #first: Buffer | undefined;

  constructor(socket: Socket, service: StoreService, http1Handler: Http1Handler, onClose: () => void) {
    this.#socket = socket;
    this.#service = service;
    this.#http1Handler = http1Handler;
    this.#store = new StoreConnection(service, () => this.#flush());
    socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#grpc?.disconnect();
      this.#http1?.disconnect();
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
    else if (this.#http1 !== undefined) this.#http1.receive(chunk);
    else this.#detect(chunk);
    this.#store.touch();
  }

  #detect(chunk: Buffer): void {
    const first = this.#first === undefined ? chunk : Buffer.concat([this.#first, chunk]);
    const spoken = detect(first);
    this.#first = spoken === "unknown" ? first : undefined;
    if (spoken === "unknown") return;
    if (spoken === "http1") {
      this.#http1 = new Http1ServerConnection(this.#http1Handler);
      this.#http1.receive(first);
      return;
    }
    this.#socket.setTimeout(0);
    this.#grpc = new GrpcServerConnection(METHODS, this.#store);
    this.#grpc.counts = this.#service.traffic.calls;
    this.#store.grpc = this.#grpc;
    this.#receiveGrpc(this.#grpc, first);
  }

  #receiveGrpc(grpc: GrpcServerConnection, chunk: Buffer): void {
    this.#service.traffic.receivedBytes += chunk.length;
    grpc.receive(chunk, this.#service.options.now());
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
      if (connection.closed) socket.end();
    } else if (socket.writableLength + (this.#grpc?.queuedBytes ?? 0) > UNREAD_LIMIT) socket.pause();
  }

  #onDrain(): void {
    this.#grpc?.setCongested(false);
    this.#flush();
    if (!this.#socket.writableNeedDrain && this.#socket.isPaused()) this.#socket.resume();
  }
}
