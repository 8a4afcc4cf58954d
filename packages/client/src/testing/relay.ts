import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "@synod/runtime/testing/ports";

/** A door to a server that can be shut and opened, so that a test cuts connections without harming the server. */
export class Relay {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #port: number;
  connections = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    this.endpoint = `127.0.0.1:${port}`;
  }

  static async start(to: string): Promise<Relay> {
    const [host = "", port = ""] = to.split(":");
    const server = createServer();
    const own = await freePort(); // which stays its own while it is shut
    server.listen(own, "127.0.0.1");
    await once(server, "listening");
    const relay = new Relay(server, own);
    server.on("connection", (socket) => relay.#join(socket, connect(Number(port), host)));
    return relay;
  }

  /** Breaks all connections and refuses new ones. */
  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  /** Breaks all connections; new ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  #join(near: Socket, far: Socket): void {
    this.connections++;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
