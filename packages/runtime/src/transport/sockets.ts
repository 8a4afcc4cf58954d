import { connect, createServer, type Server, type Socket } from "node:net";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The only place that opens sockets between nodes: TLS is another implementation of this. */
export interface Sockets {
  /** @returns a socket that emits `ready` once bytes may flow, else `error` and `close` */
  dial(address: Address): Socket;
  /** `accepted` gets sockets on which bytes may flow. */
  serve(accepted: (socket: Socket) => void): Server;
}

const KEEP_ALIVE_MS = 10_000;

export const TCP_SOCKETS: Sockets = {
  dial(address) {
    return connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  },
  serve(accepted) {
    return createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, accepted);
  },
};

/** @returns where, with the port the system chose for port 0; rejects when the address is taken */
export function listenAt(server: Server, address: string, failed: (error: Error) => void): Promise<string> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      server.on("error", failed);
      const bound = server.address();
      resolve(formatAddress({ host, port: typeof bound === "object" && bound !== null ? bound.port : port }));
    });
  });
}

/** Reads `host:port`, `[::1]:port`. @throws AddressError */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new AddressError(text);
  return { host: (match[1] ?? match[2]) as string, port };
}

export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export class AddressError extends Error {
  override readonly name = "AddressError";
  readonly code = "badAddress";
  constructor(text: string) {
    super(`"${text}" is no peer address: write host:port, for example 10.0.0.2:2380 or [::1]:2380`);
  }
}
