import { Door } from "./door.ts";
import { Link, type LinkState, type Way } from "./link.ts";
import type { Program } from "./programs.ts";

/** What stands between the nodes that a cluster begins with, and what is wrong with it. */
export class Links {
  readonly #ports: ReadonlyMap<number, number>;
  /** `${from} ${to}` → the way on which `from` dials `to`. */
  readonly #ways: Map<string, Pick<Way, "set">> = new Map();
  readonly #linkPorts: Map<string, number> = new Map();
  readonly #doors: Map<number, Door> = new Map();
  readonly #open: { close(): void }[] = [];

  private constructor(ports: ReadonlyMap<number, number>) {
    this.#ports = ports;
  }

  /** @param ports at which the nodes listen for each other, by id. */
  static async open(kind: Program["links"], ports: ReadonlyMap<number, number>): Promise<Links> {
    const links = new Links(ports);
    for (const [to, port] of ports) {
      if (kind === "doors") links.#addDoor(to, await Door.open(port));
      if (kind !== true) continue;
      for (const from of ports.keys()) if (from !== to) links.#addLink(from, to, await Link.open(port));
    }
    return links;
  }

  /** Where `from` finds each node, and the port that it says of itself. */
  portsFor(from: number): ReadonlyMap<number, number> {
    const found = [...this.#ports].map(([to, port]): [number, number] => {
      return [to, this.#doors.get(to)?.port ?? this.#linkPorts.get(`${from} ${to}`) ?? port];
    });
    return new Map(found);
  }

  /** Who comes through a door says its member's id: until these are known, doors let everybody pass. */
  nameCallers(ids: ReadonlyMap<number, bigint>): void {
    for (const [to, door] of this.#doors) {
      for (const [from, id] of ids) if (from !== to) this.#ways.set(`${from} ${to}`, door.wayOf(id.toString(16)));
    }
  }

  /** Both ways between two nodes. */
  hurtBetween(a: number, b: number, state: LinkState, delayMs: number): void {
    this.#ways.get(`${a} ${b}`)?.set(state, delayMs);
    this.#ways.get(`${b} ${a}`)?.set(state, delayMs);
  }

  /** What one node says does not reach another; what that one answers does. */
  silence(from: number, to: number): void {
    this.#ways.get(`${from} ${to}`)?.set("mute");
    this.#ways.get(`${to} ${from}`)?.set("deaf");
  }

  heal(): void {
    for (const way of this.#ways.values()) way.set("open");
  }

  close(): void {
    for (const closing of this.#open) closing.close();
  }

  #addDoor(to: number, door: Door): void {
    this.#doors.set(to, door);
    this.#open.push(door);
  }

  #addLink(from: number, to: number, link: Link): void {
    this.#ways.set(`${from} ${to}`, link);
    this.#linkPorts.set(`${from} ${to}`, link.port);
    this.#open.push(link);
  }
}
