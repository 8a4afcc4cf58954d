import { join } from "node:path";
import { NODE_FLAGS } from "../../node-flags.ts";

/** Where one node of a cluster lives. Ports are on loopback. */
export interface NodePlan {
  /** 1 for n1. */
  readonly id: number;
  readonly name: string;
  readonly folder: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly httpPort: number;
  /** Where this node finds each node's peer port, and what it says of its own: a port of what stands in between. */
  readonly peerPorts: ReadonlyMap<number, number>;
}

export interface CommandLine {
  readonly file: string;
  readonly arguments: readonly string[];
  /** Beside what this process has. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A store that speaks etcd's API: Synod, or the real etcd as a second opinion on the test itself. */
export interface Program {
  readonly name: "synod" | "etcd";
  /**
   * What stands between its nodes, to be hurt. `true`: a link for each pair. `doors`: one door for each node, since all must
   * know it by the same address. `false`: nothing.
   */
  readonly links: boolean | "doors";
  command(node: NodePlan, all: readonly NodePlan[]): CommandLine;
  /** For a node that joins a cluster which has a place for it already. @param all those that it finds there, and itself. */
  join(node: NodePlan, all: readonly NodePlan[]): CommandLine;
}

const COMMAND_LINE = join(import.meta.dirname, "../../../bin/synod.mjs");

export const synod: Program = {
  name: "synod",
  links: true,
  command(node, all) {
    const peers = all.map(({ id, name }) => `${name}=127.0.0.1:${node.peerPorts.get(id)}`);
    const urls = all.map(({ name, clientPort }) => `${name}=http://127.0.0.1:${clientPort}`);
    const settings = {
      name: node.name,
      cluster: "cluster-test",
      data: node.folder,
      peers: peers.join(","),
      "client-urls": urls.join(","),
      "store-port": node.clientPort,
      "peer-port": node.peerPort,
      "http-port": node.httpPort,
    };
    return serve(settings);
  },
  join(node, all) {
    const others = all.filter(({ id }) => id !== node.id);
    return serve({
      name: node.name,
      data: node.folder,
      join: others.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(","),
      "store-port": node.clientPort,
      "peer-port": node.peerPort,
      "http-port": node.httpPort,
    });
  },
};

function serve(settings: Readonly<Record<string, unknown>>): CommandLine {
  const flags = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  return { file: process.execPath, arguments: [...NODE_FLAGS, COMMAND_LINE, "serve", ...flags] };
}

export const etcd: Program = {
  name: "etcd",
  links: false,
  command(node, all) {
    const client = `http://127.0.0.1:${node.clientPort}`;
    const peer = (plan: NodePlan): string => `http://127.0.0.1:${plan.peerPorts.get(plan.id) ?? plan.peerPort}`;
    const settings = {
      name: node.name,
      "data-dir": node.folder,
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": `http://127.0.0.1:${node.peerPort}`,
      "initial-advertise-peer-urls": peer(node),
      "initial-cluster": all.map((plan) => `${plan.name}=${peer(plan)}`).join(","),
      "log-level": "error",
    };
    return { file: "etcd", arguments: Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`) };
  },
  join(node, all) {
    const { file, arguments: flags } = etcd.command(node, all);
    return { file, arguments: [...flags, "--initial-cluster-state=existing"] };
  },
};

/** The same, slower, with links that can be hurt. */
export const etcdBehindDoors: Program = { ...etcd, links: "doors" };
