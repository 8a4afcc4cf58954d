import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * One direction of dialling between two nodes, as a TCP proxy that can be hurt. Bytes flow both ways over it.
 *
 * - `open`: passes everything on, after `delayMs`.
 * - `cut`: connections are reset, new ones closed at once: both ends learn of it.
 * - `blackHole`: connections stay and new ones are accepted, but no byte arrives: nobody learns of it.
 * - `mute`, `deaf`: a black hole for what the one who dials says, or for what it is told; the other way stays open.
 */
export type LinkState = "open" | "cut" | "blackHole" | "mute" | "deaf";

/** The connections of one who dials to one who listens, and what becomes of them. */
export class Way {
  readonly #sockets: Set<Socket> = new Set();
  #state: LinkState = "open";
  #delayMs = 0;

  get isCut(): boolean {
    return this.#state === "cut";
  }

  set(state: LinkState, delayMs = 0): void {
    const swallowed = this.#state !== "cut" && this.#state !== "open" && this.#state !== state;
    this.#state = state;
    this.#delayMs = delayMs;
    // A stream with a hole in it makes no sense to anybody: after a black hole, as after a cut, everybody dials again.
    if (state === "cut" || swallowed) for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** It is one of this way's from now on. @param near of the one who dials. */
  take(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    if (this.isCut) for (const socket of [near, far]) socket.resetAndDestroy();
  }

  /** @param lost the state in which only this direction is lost. */
  pass(bytes: Buffer, to: Socket, lost: "mute" | "deaf"): void {
    if (this.#state === "blackHole" || this.#state === lost) return;
    if (this.#delayMs === 0) to.write(bytes);
    else setTimeout(() => to.writable && to.write(bytes), this.#delayMs);
  }
}

export class Link {
  readonly #target: number;
  readonly #server: Server;
  readonly #way = new Way();

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** @param target a port on loopback. */
  static async open(target: number): Promise<Link> {
    const link = new Link(target);
    await listen(link.#server);
    return link;
  }

  get port(): number {
    return portOf(this.#server);
  }

  set(state: LinkState, delayMs = 0): void {
    this.#way.set(state, delayMs);
  }

  close(): void {
    this.#server.close();
    this.#way.close();
  }

  #accept(near: Socket): void {
    if (this.#way.isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = dial(this.#target, near);
    this.#way.take(near, far);
    near.on("data", (bytes: Buffer) => this.#way.pass(bytes, far, "mute"));
    far.on("data", (bytes: Buffer) => this.#way.pass(bytes, near, "deaf"));
  }
}

export async function listen(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A connection to a port on loopback, which ends with the one that it was made for. */
export function dial(target: number, near: Socket): Socket {
  const far = connect({ port: target, host: "127.0.0.1", noDelay: true });
  endTogether(near, far);
  endTogether(far, near);
  return far;
}

function endTogether(one: Socket, other: Socket): void {
  one.on("end", () => other.end());
  one.on("error", () => other.destroy());
  one.on("close", () => other.destroy());
}
