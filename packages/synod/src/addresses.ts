import { CliError } from "./cli/errors.ts";

/** Node 1 listens where each protocol's clients expect it; every further node adds `portStep`. */
export const basePorts: Ports = { store: 2379, peers: 2380, http: 7070 };
export const portStep = 10_000;
export const mostNodes = 6;

export interface Ports {
  readonly store: number;
  readonly peers: number;
  readonly http: number;
}

/** @param node 1 for n1. @param offset is added to every port, so that two clusters fit on one machine. */
export function portsOf(node: number, offset: number): Ports {
  const shift = (node - 1) * portStep + offset;
  const ports = { store: basePorts.store + shift, peers: basePorts.peers + shift, http: basePorts.http + shift };
  for (const [use, port] of Object.entries(ports)) {
    if (port > 65_535)
      throw new CliError(
        "ports",
        `the ${use} port of n${node} would be ${port}, beyond 65535: start fewer --nodes or choose a smaller --port-offset`,
      );
  }
  return ports;
}

/** A member of the cluster, as its nodes are told. */
export interface Peer {
  /** What consensus and the peers' connections call it, 1 to 65535; all nodes must give it the same. */
  readonly id: number;
  /** What clients of etcd's API know it by, 64 bits; derived from the names of cluster and node when absent. */
  readonly memberId?: bigint;
  readonly name: string;
  /** Where its peers reach it, `http://host:port`; the first one counts. */
  readonly peerUrls: readonly string[];
  /** Where clients of the store reach it, as the member list tells them. */
  readonly clientUrls: readonly string[];
}

/** What the ports of the cluster's nodes speak: http, or https where they have certificates. */
export interface Schemes {
  readonly peers: string;
  readonly clients: string;
}

/**
 * Reads `n1=127.0.0.1:2380,n2=…`. Nodes with names like n1, n2, … have that number; where any has another name, all are
 * numbered in the order of their names. The store of a peer is taken to listen one port below, as ours and etcd's do, unless
 * `clientUrls` (`n1=http://10.0.0.1:2379,…`) says where.
 */
export function parsePeers(
  peers: readonly string[],
  clientUrls: readonly string[],
  schemes: Schemes = { peers: "http", clients: "http" },
): Peer[] {
  const urls = parseClientUrls(clientUrls);
  const parsed = peers.map((entry): Peer => {
    const [name, address] = nameAndRest(entry, "--peers", "n1=127.0.0.1:2380");
    const { host, port } = parseAddress(address, "--peers");
    return {
      id: numberIn(name),
      name,
      peerUrls: [`${schemes.peers}://${peerAddress(host, port)}`],
      clientUrls: [urls.get(name) ?? `${schemes.clients}://${peerAddress(host, port - 1)}`],
    };
  });
  if (new Set(parsed.map(({ name }) => name)).size !== parsed.length)
    throw new CliError("settings", `--peers names a node twice (${peers.join(",")}): name each once`);
  return numbered(parsed);
}

/** Reads `n1=http://10.0.0.1:2379,…`, by name. */
export function parseClientUrls(clientUrls: readonly string[]): ReadonlyMap<string, string> {
  return new Map(clientUrls.map((entry) => nameAndRest(entry, "--client-urls", "n1=http://10.0.0.1:2379")));
}

/** 7 for n7; 0 for a name of another kind. */
function numberIn(name: string): number {
  return Number(/^n([1-9]\d{0,3})$/.exec(name)?.[1] ?? 0);
}

function numbered(peers: readonly Peer[]): Peer[] {
  if (peers.every(({ id }) => id > 0)) return [...peers].sort((left, right) => left.id - right.id);
  const byName = [...peers].sort((left, right) => (left.name < right.name ? -1 : 1));
  return byName.map((peer, index) => ({ ...peer, id: index + 1 }));
}

/** Reads `host:port`, also with an IPv6 address in brackets or a leading `http://` or `https://`. */
export function parseAddress(address: string, where: string): { host: string; port: number } {
  const match = /^(?:https?:\/\/)?(\[[0-9a-fA-F:]+\]|[^:/[\]]+):(\d{1,5})\/?$/.exec(address);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535)
    throw new CliError(
      "settings",
      `${where} has "${address}", which is no address: write host:port, as in 127.0.0.1:2379`,
    );
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function peerAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function nameAndRest(entry: string, where: string, example: string): [name: string, rest: string] {
  const equals = entry.indexOf("=");
  if (equals < 1) throw new CliError("settings", `${where} has "${entry}" without a name: write it as in ${example}`);
  return [entry.slice(0, equals), entry.slice(equals + 1)];
}
