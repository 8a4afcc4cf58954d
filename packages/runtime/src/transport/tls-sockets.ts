import { isIP, type Server, type Socket } from "node:net";
import { connect, createServer, type Server as TlsServer } from "node:tls";
import { type Address, type Sockets, TCP_SOCKETS } from "./sockets.ts";
import { isAllowed, secureContextOptions, type TlsOptions } from "./tls-options.ts";

/** See HANDSHAKE_TIMEOUT_MS; peers are near, and dial again. */
const PEER_HANDSHAKE_TIMEOUT_MS = 5000;
/** Sockets that are not peers yet. */
const MOST_SHAKING_HANDS = 256;

export interface PeerTlsOptions extends TlsOptions {
  /** The other's certificate vouches for nothing (it is self-signed): nobody can listen in, but anybody can take part. */
  readonly trustsAnybody?: boolean;
}

/** Connections between nodes over TLS: each end shows its certificate, the dialing one looks at it, and so may the other. */
export class TlsSockets implements Sockets {
  #tls: PeerTlsOptions;
  readonly #servers = new Set<TlsServer>();

  constructor(tls: PeerTlsOptions) {
    this.#tls = tls;
  }

  /** From now on, for new connections. What is demanded of others stays. */
  renew(tls: TlsOptions): void {
    this.#tls = { ...this.#tls, ...tls };
    for (const server of this.#servers) server.setSecureContext(secureContextOptions(tls));
  }

  dial(address: Address): Socket {
    const tls = this.#tls;
    const socket = connect({
      socket: TCP_SOCKETS.dial(address),
      host: address.host,
      ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
      rejectUnauthorized: tls.trustsAnybody !== true,
      ...secureContextOptions(tls),
    });
    // Bytes may flow once both know who the other is. (A socket around another one has no such event of its own.)
    socket.once("secureConnect", () => socket.emit("ready"));
    return socket;
  }

  serve(accepted: (socket: Socket) => void): Server {
    const tls = this.#tls;
    const requestCert = tls.requestCert === true;
    const shakingHands = new Set<Socket>();
    const server = createServer({
      ...secureContextOptions(tls),
      noDelay: true,
      keepAlive: true,
      requestCert,
      rejectUnauthorized: requestCert,
      handshakeTimeout: tls.handshakeTimeout ?? PEER_HANDSHAKE_TIMEOUT_MS,
    });
    server.on("connection", (socket: Socket) => {
      if (shakingHands.size >= MOST_SHAKING_HANDS) return void socket.destroy();
      shakingHands.add(socket);
      socket.once("close", () => shakingHands.delete(socket));
    });
    server.on("secureConnection", (socket) => {
      for (const each of shakingHands) if (each.remotePort === socket.remotePort) shakingHands.delete(each);
      if (isAllowed(socket, this.#tls)) accepted(socket);
      else socket.destroy();
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#servers.add(server);
    closeHandshakesWith(server, shakingHands);
    server.once("close", () => this.#servers.delete(server));
    return server;
  }
}

/** A server that closes waits for its connections, and those that only shake hands have nobody else to end them. */
function closeHandshakesWith(server: TlsServer, shakingHands: ReadonlySet<Socket>): void {
  const close = server.close.bind(server);
  server.close = (done) => {
    for (const socket of shakingHands) socket.destroy();
    return close(done);
  };
}
