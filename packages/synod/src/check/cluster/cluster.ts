import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@synod/runtime/free-ports";
import { EtcdApi } from "./etcd-api.ts";
import type { LinkState } from "./link.ts";
import { Links } from "./links.ts";
import { NodeProcess } from "./node-process.ts";
import type { NodePlan, Program } from "./programs.ts";

const READY_MS = 20_000;

/** A cluster of real processes on loopback, in a temporary folder, that may be hurt in every way. */
export class Cluster {
  readonly folder: string;
  readonly program: Program;
  #nodes: readonly NodeProcess[];
  readonly #links: Links;

  private constructor(program: Program, folder: string, nodes: readonly NodeProcess[], links: Links) {
    this.program = program;
    this.folder = folder;
    this.#nodes = nodes;
    this.#links = links;
  }

  /** In the order in which they came; who was removed is not among them. */
  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  /** Starts all nodes and returns once the cluster serves. */
  static async start(program: Program, size = 3): Promise<Cluster> {
    const cluster = await Cluster.#plan(program, size);
    try {
      for (const node of cluster.nodes) node.start();
      await cluster.ready();
      if (program.links === "doors") await cluster.#nameCallers();
      return cluster;
    } catch (error) {
      await cluster.destroy();
      throw error;
    }
  }

  static async #plan(program: Program, size: number): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), `${program.name}-cluster-`));
    const ports = await freePorts(3 * size);
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    const links = await Links.open(program.links, new Map(ids.map((id) => [id, ports[3 * (id - 1) + 1] as number])));
    const plans = ids.map((id): NodePlan => {
      const [clientPort, peerPort, httpPort] = ports.slice(3 * (id - 1)) as [number, number, number];
      const name = `n${id}`;
      const peerPorts = links.portsFor(id);
      return { id, name, folder: join(folder, name), clientPort, peerPort, httpPort, peerPorts };
    });
    const nodes = plans.map((plan) => new NodeProcess(plan, program.command(plan, plans)));
    return new Cluster(program, folder, nodes, links);
  }

  get addresses(): string[] {
    return this.nodes.map((node) => node.address);
  }

  node(id: number): NodeProcess {
    const node = this.nodes.find(({ plan }) => plan.id === id);
    if (node === undefined) throw new RangeError(`the cluster has no node ${id}`);
    return node;
  }

  /** Returns once every running node answers a linearizable read. @throws with the nodes' logs if that takes too long. */
  async ready(withinMs: number = READY_MS): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (const node of this.nodes) {
      if (node.exit !== undefined && node.exit === "SIGKILL") continue;
      const api = new EtcdApi(node.address, 1000);
      try {
        while ((await api.get("ready?")).type !== "ok") {
          if (node.exit !== undefined) throw new Error(`${node.plan.name} ended (${node.exit}):\n${node.log}`);
          if (performance.now() > deadline) throw new Error(`not ready within ${withinMs} ms:\n${this.logs()}`);
          await sleep(20);
        }
      } finally {
        api.close();
      }
    }
  }

  /** The node that a majority takes for the leader. @throws if there is none within the time. */
  async leader(withinMs: number = READY_MS): Promise<NodeProcess> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const statuses = await Promise.all(
        this.nodes.map((node) => (node.exit === undefined ? node.status() : undefined)),
      );
      const latest = Math.max(...statuses.map((status) => status?.term ?? 0));
      const index = statuses.findIndex((status) => status?.term === latest && status.member === status.leader);
      if (index >= 0 && latest > 0) return this.nodes[index]!;
      if (performance.now() > deadline) throw new Error(`no leader within ${withinMs} ms:\n${this.logs()}`);
      await sleep(20);
    }
  }

  async #nameCallers(): Promise<void> {
    const ids = new Map<number, bigint>();
    for (const node of this.nodes) ids.set(node.plan.id, (await node.status(READY_MS))?.member ?? 0n);
    this.#links.nameCallers(ids);
  }

  /** Both ways between two nodes. */
  hurtBetween(a: number, b: number, state: LinkState, delayMs = 0): void {
    this.#links.hurtBetween(a, b, state, delayMs);
  }

  /** All ways between a node and the others. */
  isolate(id: number, state: LinkState): void {
    for (const { plan } of this.nodes) if (plan.id !== id) this.hurtBetween(id, plan.id, state);
  }

  /** What one node says does not reach another; what that one answers does. */
  silence(from: number, to: number): void {
    this.#links.silence(from, to);
  }

  /**
   * A node that is to join, not started yet; no link leads to it that could be hurt.
   * @param id which no node of this cluster has had.
   */
  async newcomer(id: number): Promise<NodeProcess> {
    const [clientPort, peerPort, httpPort] = (await freePorts(3)) as [number, number, number];
    const name = `n${id}`;
    const plan = { id, name, folder: join(this.folder, name), clientPort, peerPort, httpPort, peerPorts: new Map() };
    return new NodeProcess(plan, this.program.join(plan, [...this.nodes.map((node) => node.plan), plan]));
  }

  /** It is a member, and one that this cluster ends. */
  add(node: NodeProcess): void {
    this.#nodes = [...this.#nodes, node];
  }

  /** It is no member any more, and was ended. */
  remove(node: NodeProcess): void {
    this.#nodes = this.#nodes.filter((other) => other !== node);
  }

  heal(): void {
    this.#links.heal();
  }

  /** The end of each node's log, for a failed test's message. */
  logs(characters = 1500): string {
    return this.nodes
      .map((node) => `--- ${node.plan.name} (${node.exit ?? "running"})\n${node.log.slice(-characters)}`)
      .join("\n");
  }

  /** Ends every process and removes the folder. */
  async destroy(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.#links.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
