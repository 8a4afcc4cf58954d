import { createServer, type Server, type Socket } from "node:net";
import { dial, listen, portOf, Way } from "./link.ts";

/** The header in which a member of etcd says its id to another one, in hexadecimal. */
const FROM = /^X-Server-From: ([0-9a-f]+)\r$/im;

/**
 * The one address that all others know a member of etcd by, as a proxy that tells its callers apart: a link for each of
 * them, although etcd lets nobody have an address of its own for each peer. A caller is known by its first request that
 * names it; probes name nobody, and pass until then.
 */
export class Door {
  readonly #target: number;
  readonly #server: Server;
  readonly #ways: Map<string, Way> = new Map();
  readonly #unknown: Way = new Way();

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** @param target a port on loopback. */
  static async open(target: number): Promise<Door> {
    const door = new Door(target);
    await listen(door.#server);
    return door;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** @param caller its member's id in hexadecimal. */
  wayOf(caller: string): Way {
    const way = this.#ways.get(caller) ?? new Way();
    this.#ways.set(caller, way);
    return way;
  }

  close(): void {
    this.#server.close();
    for (const way of [...this.#ways.values(), this.#unknown]) way.close();
  }

  #accept(near: Socket): void {
    const far = dial(this.#target, near);
    let way = this.#unknown;
    way.take(near, far);
    near.on("data", (bytes: Buffer) => {
      const caller = way === this.#unknown ? FROM.exec(bytes.toString("latin1"))?.[1] : undefined;
      if (caller !== undefined) {
        way = this.wayOf(caller);
        way.take(near, far);
      }
      way.pass(bytes, far, "mute");
    });
    far.on("data", (bytes: Buffer) => way.pass(bytes, near, "deaf"));
  }
}
