import type { Server, Socket } from "node:net";
import { assert } from "@synod/protocols/assert";
import type { NodeId } from "@synod/protocols/protocol";
import { TransportFaults } from "../faults.ts";
import type { Logger } from "../log/logger.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { ControlKind, HEADER_BYTES, MAX_BODY_BYTES } from "./frame.ts";
import { Heartbeat, recordPong } from "./heartbeat.ts";
import { decodeGoodbye, decodeHello, type Hello, judgeHello, PROTOCOL_VERSION, removedGoodbye } from "./hello.ts";
import type { TransportHandler, TransportOptions } from "./options.ts";
import { Peer, type PeerStats } from "./peer.ts";
import { formatAddress, listenAt, parseAddress, type Sockets, TCP_SOCKETS } from "./sockets.ts";

export type { TransportHandler, TransportOptions } from "./options.ts";
export type { PeerStats } from "./peer.ts";

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
/** Connections that have not said hello, or are being replaced, on top of one for each peer. */
const SPARE_CONNECTIONS = 64;
const MAX_NODE_ID = 65_535;
const MOST_STRANGERS = 64;

/**
 * One TCP connection to each peer, kept up for ever, carrying the frames of all groups.
 *
 * Of two nodes the one with the lower id dials. A higher one that misses its connection knocks: it dials, says hello, is told
 * "dialing" and is called back at once. So there is never a doubt which of two connections counts, and whoever returns
 * (from a restart, a pause, a cut) is reachable within a round trip, whatever the other's back-off.
 */
export class Transport {
  readonly faults: TransportFaults;
  readonly #options: Required<Omit<TransportOptions, "sockets">>;
  readonly #sockets: Sockets;
  readonly #logger: Logger;
  readonly #handler: TransportHandler;
  /** By node id. */
  readonly #peers: (Peer | undefined)[] = [];
  readonly #connections: Set<Connection> = new Set();
  #dirty: Connection[] = [];
  readonly #owner: ConnectionOwner;
  readonly #roundTrip = (node: NodeId, seconds: number): void => this.#handler.onRoundTrip?.(node, seconds);
  readonly #servers: Server[] = [];
  #heartbeat: Heartbeat | undefined;
  #stopped = false;

  constructor(options: TransportOptions) {
    assert(options.self > 0 && options.self <= MAX_NODE_ID, "a node id is 1 to 65535");
    assert(Number.isSafeInteger(options.incarnation) && options.incarnation >= 0, "an incarnation is a safe integer");
    const { sockets, ...rest } = options;
    this.#options = {
      pingInterval: 500,
      deadAfter: 3000,
      handshakeTimeout: 1000,
      maxQueuedBytes: 64 << 20,
      random: Math.random,
      ...rest,
    };
    this.#sockets = sockets ?? TCP_SOCKETS;
    this.#logger = options.logger;
    this.#handler = options.handler;
    this.faults = new TransportFaults((node, fault) => {
      const peer = this.#peers[node];
      if (peer !== undefined) peer.fault = fault;
    }, this.#options.random);
    this.#owner = {
      greeted: (connection, kind, body) => this.#greeted(connection, kind, body),
      control: (connection, peer, kind, body) => this.#control(connection, peer, kind, body),
      frame: (peer, group, kind, body) => this.#frame(peer, group, kind, body),
      http: (path) => this.#handler.onHttpGet?.(path),
      closed: (connection, reason) => this.#closed(connection, reason),
    };
  }

  /** Accepts peers; may be called for several addresses. @returns where, with the port the system chose for port 0; rejects when the address is taken */
  listen(address: string): Promise<string> {
    const server = this.#sockets.serve((socket) => this.#accept(socket));
    this.#servers.push(server);
    return listenAt(server, address, (error) => this.#logger.error("the peer listener failed", { error }));
  }

  /** Adds a peer, or tells where it now lives. @param address `host:port` @throws AddressError */
  setPeer(node: NodeId, address: string): void {
    assert(node > 0 && node <= MAX_NODE_ID && node !== this.#options.self, "a peer is another node, 1 to 65535");
    const parsed = parseAddress(address);
    const known = this.#peers[node];
    if (known?.address !== undefined && formatAddress(known.address) === formatAddress(parsed)) return;
    const peer = known ?? this.#addPeer(node);
    peer.address = parsed;
    this.#dialNow(peer);
  }

  #addPeer(node: NodeId): Peer {
    const peer = new Peer(node, undefined);
    peer.fault = this.faults.of(node);
    this.#peers[node] = peer;
    this.#heartbeat ??= new Heartbeat(this.#options, this.#peers);
    return peer;
  }

  /** Forgets a peer: its connection ends, and it is refused from now on. */
  removePeer(node: NodeId): void {
    const peer = this.#peers[node];
    if (peer === undefined) return;
    this.#peers[node] = undefined;
    clearTimeout(peer.retry);
    const sentence = `n${node} is no longer a peer of n${this.#options.self}`;
    const isRemoved = this.#handler.isRemoved?.(node) === true;
    peer.dialing?.close(sentence);
    peer.connection?.close(sentence, isRemoved ? removedGoodbye(node) : { code: "unknownNode", sentence });
  }

  peers(): NodeId[] {
    return this.#peers.flatMap((peer) => (peer === undefined ? [] : [peer.node]));
  }

  /** The live figures of one peer; they go on changing. */
  stats(node: NodeId): Readonly<PeerStats> | undefined {
    return this.#peers[node]?.stats;
  }

  isConnected(node: NodeId): boolean {
    return this.#peers[node]?.connection !== undefined;
  }

  /**
   * Queues one frame for the next `flush`: its body is `head` followed by `body`. `head` is copied; `body` may be kept by
   * reference and shared by several peers, so its bytes must not change any more.
   * @returns false: not queued, because there is no connection or too much waits already. The protocols expect loss.
   */
  queue(to: NodeId, group: number, kind: number, head: Uint8Array, body?: Uint8Array): boolean {
    const peer = this.#peers[to];
    const connection = peer?.connection;
    if (peer === undefined || connection === undefined) {
      if (peer !== undefined) peer.stats.unreachable++;
      return false;
    }
    const length = head.length + (body === undefined ? 0 : body.length);
    assert(length <= MAX_BODY_BYTES, "a frame holds at most 64 MiB");
    const waiting = connection.waiting;
    if (waiting > 0 && waiting + length + HEADER_BYTES > this.#options.maxQueuedBytes) {
      peer.stats.overflowed++;
      return false;
    }
    peer.stats.framesSent++;
    peer.stats.bytesSent += length + HEADER_BYTES;
    if (peer.fault !== undefined && this.faults.losesOutgoing(peer.fault)) return true;
    connection.outbox.append(group, kind, 0, head, body);
    if (!connection.dirty) {
      connection.dirty = true;
      this.#dirty.push(connection);
    }
    return true;
  }

  /** One write to each peer that something was queued for. Call it at the end of a turn. */
  flush(): void {
    if (this.#dirty.length === 0) return;
    for (const connection of this.#dirty) connection.flush();
    this.#dirty.length = 0;
  }

  /** Ends the connection to a peer whose frames make no sense to the host; it is dialed again. */
  disconnect(node: NodeId, sentence: string): void {
    this.#peers[node]?.connection?.close(sentence, { code: "malformed", sentence });
  }

  /** Says goodbye to all peers and stops listening. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#heartbeat?.stop();
    this.flush();
    const sentence = `n${this.#options.self} is stopping`;
    for (const peer of this.#peers) clearTimeout(peer?.retry);
    for (const connection of [...this.#connections]) connection.close(sentence, { code: "stopping", sentence });
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  // --- connecting

  #accept(socket: Socket): void {
    if (this.#stopped || this.#connections.size >= this.#peers.length + SPARE_CONNECTIONS) socket.destroy();
    else this.#open(socket, false, undefined);
  }

  #open(socket: Socket, dialed: boolean, peer: Peer | undefined): Connection {
    const connection = new Connection(socket, dialed, peer, this.#owner, this.#options.handshakeTimeout);
    this.#connections.add(connection);
    return connection;
  }

  #dialNow(peer: Peer): void {
    const { address } = peer;
    if (address === undefined || this.#stopped || peer.connection !== undefined || peer.dialing !== undefined) return;
    clearTimeout(peer.retry);
    if (peer.fault !== undefined && (peer.fault.blockIn || peer.fault.blockOut)) {
      this.#dialLater(peer);
      return;
    }
    const socket = this.#sockets.dial(address);
    const connection = this.#open(socket, true, peer);
    peer.dialing = connection;
    socket.once("ready", () => connection.sendHello(this.#hello(peer.node)));
  }

  /** Between half of and the whole of a delay that doubles with each attempt. */
  #dialLater(peer: Peer): void {
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(peer.attempts++, 16));
    clearTimeout(peer.retry);
    peer.retry = setTimeout(() => this.#dialNow(peer), delay * (1 - this.#options.random() / 2)).unref();
  }

  #hello(expected: NodeId): Hello {
    const { self, clusterId, incarnation } = this.#options;
    return { version: PROTOCOL_VERSION, clusterId, node: self, expected, incarnation };
  }

  /** The first frame of a connection. */
  #greeted(connection: Connection, kind: number, body: Uint8Array): void {
    if (kind === ControlKind.goodbye && connection.dialed) {
      this.#toldGoodbye(connection, body);
      return;
    }
    const hello = kind === ControlKind.hello ? decodeHello(body) : undefined;
    if (hello === undefined) {
      const sentence = "its first frame is no hello of the peer protocol";
      connection.close(sentence, { code: "malformed", sentence });
      return;
    }
    const dialedOther = connection.dialed && hello.node !== connection.peer?.node;
    const verdict = dialedOther
      ? ({
          code: "wrongNode",
          sentence: `n${connection.peer?.node} was expected there and n${hello.node} answered`,
        } as const)
      : judgeHello(
          hello,
          this.#hello(0),
          (node) => this.#peers[node] !== undefined || this.#isWelcome(node),
          (node) => this.#handler.isRemoved?.(node) === true,
        );
    if (verdict !== undefined) {
      connection.close(verdict.sentence, verdict);
      return;
    }
    const peer = this.#peers[hello.node] ?? this.#addPeer(hello.node);
    // A broken link carries no hello; the handshake's time-out ends this.
    if (peer.fault !== undefined && (peer.fault.blockIn || peer.fault.blockOut)) return;
    if (connection.dialed) this.#establish(connection, peer, hello);
    else if (hello.node < this.#options.self || peer.address === undefined) this.#welcome(connection, peer, hello);
    else this.#knocked(connection, peer, hello);
  }

  #welcome(connection: Connection, peer: Peer, hello: Hello): void {
    // The other side has one connection at a time: the newest is the true one.
    const sentence = "a newer connection took its place";
    peer.connection?.close(sentence, { code: "replaced", sentence });
    connection.sendHello(this.#hello(peer.node));
    this.#establish(connection, peer, hello);
  }

  /** A higher node misses its connection to us. */
  #knocked(knock: Connection, peer: Peer, hello: Hello): void {
    const sentence = `n${this.#options.self} dials n${peer.node}`;
    const current = peer.connection;
    const silent = current !== undefined && performance.now() - current.lastHeard > 2 * this.#options.pingInterval;
    if (silent || peer.stats.incarnation !== hello.incarnation) current?.close("the other side started anew");
    knock.close("", { code: "dialing", sentence });
    peer.attempts = 0;
    this.#dialNow(peer);
  }

  #establish(connection: Connection, peer: Peer, hello: Hello): void {
    if (peer.dialing === connection) peer.dialing = undefined;
    clearTimeout(peer.retry);
    connection.establish(peer);
    peer.connection = connection;
    peer.problem = "";
    peer.stats.connected = true;
    peer.stats.connects++;
    peer.stats.incarnation = hello.incarnation;
    this.#logger.info(`connected to n${peer.node}`, { address: connection.remote });
    this.#handler.onConnected?.(peer.node);
  }

  #closed(connection: Connection, reason: string): void {
    this.#connections.delete(connection);
    const peer = connection.peer;
    if (peer === undefined) {
      if (!this.#stopped && reason !== "")
        this.#logger.warn(`refused a connection: ${reason}`, { from: connection.remote });
      return;
    }
    if (peer.dialing === connection) this.#dialFailed(peer, reason);
    if (peer.connection !== connection) return;
    peer.connection = undefined;
    peer.stats.connected = false;
    peer.stats.disconnects++;
    if (performance.now() - connection.upSince >= LAST_RETRY_MS) peer.attempts = 0;
    if (!this.#stopped) this.#logger.warn(`lost the connection to n${peer.node}: ${reason}`);
    this.#handler.onDisconnected?.(peer.node);
    if (this.#peers[peer.node] !== peer || this.#stopped) return;
    if (peer.address === undefined) this.#peers[peer.node] = undefined;
    else this.#dialLater(peer);
  }

  /** Strangers call us: who they are is told by the log, once it has reached us. */
  #isWelcome(node: NodeId): boolean {
    if (node < 1 || node > MAX_NODE_ID || this.#handler.isWelcome?.(node) !== true) return false;
    return this.#peers.filter((peer) => peer !== undefined && peer.address === undefined).length < MOST_STRANGERS;
  }

  #dialFailed(peer: Peer, reason: string): void {
    peer.dialing = undefined;
    const { address } = peer;
    if (this.#stopped || address === undefined || peer.connection !== undefined || this.#peers[peer.node] !== peer)
      return;
    if (reason !== "" && reason !== peer.problem) {
      peer.problem = reason;
      this.#logger.warn(`cannot reach n${peer.node}: ${reason}`, { address: formatAddress(address) });
    }
    this.#dialLater(peer);
  }

  // --- passing frames

  #frame(peer: Peer, group: number, kind: number, body: Uint8Array): void {
    if (peer.fault?.blockIn === true) return;
    peer.stats.framesReceived++;
    peer.stats.bytesReceived += body.length + HEADER_BYTES;
    this.#handler.onFrame(peer.node, group, kind, body);
  }

  #control(connection: Connection, peer: Peer, kind: number, body: Uint8Array): void {
    if (peer.fault?.blockIn === true) return;
    if (kind === ControlKind.ping) connection.sendControl(ControlKind.pong, body);
    else if (kind === ControlKind.pong) recordPong(peer, body, this.#roundTrip);
    else if (kind === ControlKind.goodbye) this.#toldGoodbye(connection, body);
    // Other kinds: a later version's, and harmless.
  }

  /** The other side ends it. Told "dialing", we are about to be called: nothing to complain about. */
  #toldGoodbye(connection: Connection, body: Uint8Array): void {
    const { code, sentence } = decodeGoodbye(body);
    if (connection.state === "up") connection.close(sentence);
    else connection.close(code === "dialing" ? "" : `it refused: ${sentence}`);
    if (code === "removed") this.#handler.onRemoved?.();
  }
}
