import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * One direction of dialling between two nodes, as a TCP proxy that a test can hurt. Bytes flow both ways over it.
 *
 * - `open`: passes everything on, after `delayMs`.
 * - `cut`: connections are reset, new ones closed at once: both ends learn of it.
 * - `blackHole`: connections stay and new ones are accepted, but no byte arrives: nobody learns of it.
 * - `mute`, `deaf`: a black hole for what the one who dials says, or for what it is told; the other way stays open.
 */
export type LinkState = "open" | "cut" | "blackHole" | "mute" | "deaf";

export class Link {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: LinkState = "open";
  #delayMs = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** @param target a port on loopback. */
  static async open(target: number): Promise<Link> {
    const link = new Link(target);
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set(state: LinkState, delayMs = 0): void {
    const swallowed = this.#state !== "cut" && this.#state !== state && this.#state !== "open";
    this.#state = state;
    this.#delayMs = delayMs;
    // A stream with a hole in it makes no sense to anybody: after a black hole, as after a cut, everybody dials again.
    if (state === "cut" || swallowed) for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(near: Socket): void {
    if (this.#state === "cut") {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#target, host: "127.0.0.1", noDelay: true });
    this.#join(near, far, "mute");
    this.#join(far, near, "deaf");
  }

  #join(from: Socket, to: Socket, lost: LinkState): void {
    this.#sockets.add(from);
    from.on("data", (bytes) => {
      if (this.#state === "blackHole" || this.#state === lost) return;
      if (this.#delayMs === 0) to.write(bytes);
      else setTimeout(() => to.writable && to.write(bytes), this.#delayMs);
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
