import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { ClientSocket } from "./client-socket.ts";
import { type HttpFacts, httpHandler } from "./http.ts";
import type { StoreService } from "./service.ts";

export interface StoreListenerOptions {
  readonly service: StoreService;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly http: HttpFacts;
  /** Clients beyond it are disconnected at once. */
  readonly maxConnections?: number;
}

const MAX_CONNECTIONS = 10_000;
/** A socket whose peer does not read keeps at most about this many bytes of ours. */
const SOCKET_BUFFER = 1 << 20;
const GRACE_MS = 2000;

/** The client port: gRPC and plain HTTP/1.1 on one address. */
export class StoreListener {
  readonly #server: Server;
  readonly #clients: Set<ClientSocket>;

  private constructor(server: Server, clients: Set<ClientSocket>) {
    this.#server = server;
    this.#clients = clients;
  }

  /** @throws the socket's error (EADDRINUSE, EACCES, …) */
  static listen(options: StoreListenerOptions): Promise<StoreListener> {
    const { service, host, port } = options;
    const clients = new Set<ClientSocket>();
    const handler = httpHandler(options.http);
    const accept = (socket: Socket): void => {
      const client = new ClientSocket(socket, service, handler, () => clients.delete(client));
      clients.add(client);
    };
    const server = createServer({ noDelay: true, keepAlive: true, highWaterMark: SOCKET_BUFFER }, accept);
    server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.removeListener("error", reject);
        resolve(new StoreListener(server, clients));
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#clients.size;
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
    });
  }

  #cut(): void {
    for (const client of this.#clients) client.destroy();
  }
}
