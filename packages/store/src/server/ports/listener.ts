import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import {
  HANDSHAKE_TIMEOUT_MS,
  isAllowed,
  secureContextOptions,
  type TlsOptions,
} from "@synod/runtime/transport/tls-options";
import type { StoreService } from "../service.ts";
import { ClientSocket } from "./client-socket.ts";
import { httpFacts } from "./http.ts";
import type { Probes } from "./probes.ts";

export type { TlsOptions } from "@synod/runtime/transport/tls-options";

export interface StoreListenerOptions {
  readonly service: StoreService;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly probes: Probes;
  /** See HttpDoorOptions.origins. */
  readonly origins?: readonly string[];
  /** How long a request of HTTP/1.1 may take to arrive, from its first octet. */
  readonly requestTimeoutMs?: number;
  /** Clients beyond it are disconnected at once. */
  readonly maxConnections?: number;
  /** Present: the port speaks TLS and nothing else. */
  readonly tls?: TlsOptions;
}

const MAX_CONNECTIONS = 10_000;
/** A socket whose peer does not read keeps at most about this many bytes of ours. */
const SOCKET_BUFFER = 1 << 20;
const GRACE_MS = 2000;
const REQUEST_TIMEOUT_MS = 30_000;
/** The client port: gRPC and plain HTTP/1.1 on one address. */
export class StoreListener {
  readonly #server: Server;
  readonly #clients: Set<ClientSocket>;
  /** With TLS: connections that are not clients yet, by their address. */
  readonly #shakingHands: Map<string, Socket>;

  private constructor(server: Server, clients: Set<ClientSocket>, shakingHands: Map<string, Socket>) {
    this.#server = server;
    this.#clients = clients;
    this.#shakingHands = shakingHands;
  }

  /** @throws the socket's error (EADDRINUSE, EACCES, …), and node:tls's for a certificate or key that is none */
  static async listen(options: StoreListenerOptions): Promise<StoreListener> {
    const { service, host, port } = options;
    const clients = new Set<ClientSocket>();
    const { origins = [], requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
    const door = { facts: httpFacts(options.probes), origins, requestTimeoutMs };
    const accept = (socket: Socket): void => {
      const client = new ClientSocket(socket, service, door, () => clients.delete(client));
      clients.add(client);
    };
    const shakingHands = new Map<string, Socket>();
    const server = options.tls === undefined ? plainServer(accept) : tlsServer(options.tls, accept, shakingHands);
    server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.removeListener("error", reject);
        resolve(new StoreListener(server, clients, shakingHands));
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** With TLS: what new connections are shown and judged by from now on. Whether certificates are demanded stays. */
  renew(tls: TlsOptions): void {
    (this.#server as TlsServer).setSecureContext(secureContextOptions(tls));
  }

  /** Accepts no more, lets calls end for a moment, then disconnects everybody. */
  close(graceMs: number = GRACE_MS): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#cut(), graceMs);
      this.#server.close(() => {
        clearTimeout(cut);
        // The sockets are closed; a client that is still listed hears of its own within this pass of the event loop.
        const settle = (): void => void (this.#clients.size === 0 ? resolve() : setImmediate(settle));
        settle();
      });
      for (const client of this.#clients) client.shutdown();
      for (const socket of this.#shakingHands.values()) socket.destroy();
    });
  }

  #cut(): void {
    for (const client of this.#clients) client.destroy();
  }
}

const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, highWaterMark: SOCKET_BUFFER };

function plainServer(accept: (socket: Socket) => void): Server {
  return createServer(SOCKET_OPTIONS, accept);
}

function tlsServer(tls: TlsOptions, accept: (socket: Socket) => void, shakingHands: Map<string, Socket>): Server {
  const { requestCert = false } = tls;
  const server = createTlsServer({
    ...SOCKET_OPTIONS,
    ...secureContextOptions(tls),
    requestCert,
    rejectUnauthorized: requestCert,
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: tls.handshakeTimeout ?? HANDSHAKE_TIMEOUT_MS,
  });
  server.on("connection", (socket: Socket) => {
    const from = peerOf(socket);
    shakingHands.set(from, socket);
    socket.once("close", () => shakingHands.delete(from));
  });
  server.on("secureConnection", (socket) => {
    shakingHands.delete(peerOf(socket));
    if (isAllowed(socket, tls)) accept(socket);
    else socket.destroy();
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
