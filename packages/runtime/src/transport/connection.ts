import type { Socket } from "node:net";
import { CONTROL, FrameReader, type FrameSink, MAX_FRAME_LENGTH } from "./frame.ts";
import { encodeGoodbye, encodeHello, type Goodbye, type Hello } from "./hello.ts";
import { answerHttp, type HttpAnswer, isHttp } from "./http-answer.ts";
import { Outbox, writePieces } from "./outbox.ts";
import type { Peer } from "./peer.ts";

/** What a connection tells the transport. Each call may close the connection. */
export interface ConnectionOwner {
  greeted(connection: Connection, kind: number, body: Uint8Array): void;
  control(connection: Connection, peer: Peer, kind: number, body: Uint8Array): void;
  frame(peer: Peer, group: number, kind: number, body: Uint8Array): void;
  /** Somebody asks over HTTP instead. */
  http(path: string): HttpAnswer | undefined;
  /** Once, whatever ended it. */
  closed(connection: Connection, reason: string): void;
}

const NOTHING = new Uint8Array(0);
/** How long a goodbye may take to leave. */
const LINGER_MS = 200;

/** One socket to or from a peer: the handshake, then frames both ways. */
export class Connection implements FrameSink {
  readonly dialed: boolean;
  readonly outbox: Outbox = new Outbox();
  state: "handshaking" | "up" | "closed" = "handshaking";
  /** Whose it is: known at once for a dialed one, after the hello for an accepted one. */
  peer: Peer | undefined;
  /** The other end's address, for the log. */
  remote: string;
  /** Milliseconds, monotonic: the last time that any byte came, and since when it is up. */
  lastHeard: number;
  upSince = 0;
  /** Has frames that a flush should write. */
  dirty = false;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader: FrameReader = new FrameReader();
  #timer: NodeJS.Timeout | undefined;
  #isFirst = true;
  #failure: string | undefined;
  /** Held back by a fault: when each batch may leave. */
  readonly #delayed: { due: number; pieces: Uint8Array[] }[] = [];
  #delayedBytes = 0;
  #delayTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, dialed: boolean, peer: Peer | undefined, owner: ConnectionOwner, handshakeMs: number) {
    this.#socket = socket;
    this.dialed = dialed;
    this.peer = peer;
    this.#owner = owner;
    this.remote = remoteOf(socket);
    this.lastHeard = performance.now();
    this.#timer = setTimeout(() => this.close("no answer to the hello"), handshakeMs).unref();
    socket.on("data", (chunk: Uint8Array) => this.#received(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure = describeFailure(error);
    });
    socket.on("end", () => this.close("the other side closed it"));
    socket.on("close", () => this.close(this.#failure ?? "closed"));
  }

  /** Bytes accepted for sending and not yet given to the kernel. */
  get waiting(): number {
    return this.outbox.bytes + this.#socket.writableLength + this.#delayedBytes;
  }

  sendHello(hello: Hello): void {
    this.remote = remoteOf(this.#socket);
    this.#socket.write(encodeHello(hello));
  }

  /** Both hellos are good: from now on frames pass. */
  establish(peer: Peer): void {
    this.peer = peer;
    this.state = "up";
    this.upSince = performance.now();
    this.#reader.limit = MAX_FRAME_LENGTH;
    clearTimeout(this.#timer);
  }

  /** Behind everything queued so far, and at once. */
  sendControl(kind: number, body: Uint8Array): void {
    const fault = this.peer?.fault;
    if (fault?.blockOut === true) return;
    this.outbox.append(0, kind, CONTROL, NOTHING, body);
    this.flush();
  }

  flush(): void {
    this.dirty = false;
    if (this.state !== "up") return;
    const delay = this.peer?.fault?.delayMs ?? 0;
    if (delay > 0 || this.#delayed.length > 0) this.#flushLater(delay);
    else this.outbox.flush(this.#socket);
  }

  /** Ends it, with a last frame that says why when there is something to say. */
  close(reason: string, goodbye?: Goodbye): void {
    if (this.state === "closed") return;
    this.state = "closed";
    clearTimeout(this.#timer);
    clearTimeout(this.#delayTimer);
    const socket = this.#socket;
    if (goodbye === undefined || socket.connecting) socket.destroy();
    else {
      socket.end(encodeGoodbye(goodbye));
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    }
    this.#owner.closed(this, this.#failure ?? reason);
  }

  frame(group: number, kind: number, flags: number, body: Uint8Array): boolean {
    if (this.state === "handshaking") {
      if (flags === CONTROL) this.#owner.greeted(this, kind, body);
      else this.#malformed("a frame came before the hello");
    } else if (flags === 0) this.#owner.frame(this.peer as Peer, group, kind, body);
    else if (flags === CONTROL) this.#owner.control(this, this.peer as Peer, kind, body);
    else this.#malformed(`a frame with unknown flags ${flags}`);
    return this.state !== "closed";
  }

  #received(chunk: Uint8Array): void {
    if (this.state === "closed") return;
    if (this.peer?.fault?.blockIn !== true) this.lastHeard = performance.now();
    if (this.#isFirst && !this.dialed && isHttp(chunk)) return this.#askedOverHttp(chunk);
    this.#isFirst = false;
    const problem = this.#reader.push(chunk, this);
    if (problem !== undefined) this.#malformed(problem);
  }

  /** Whoever wants to join asks who is there; so do people, with curl. */
  #askedOverHttp(chunk: Uint8Array): void {
    this.state = "closed";
    clearTimeout(this.#timer);
    answerHttp(this.#socket, chunk, (path) => this.#owner.http(path));
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#owner.closed(this, "");
  }

  #malformed(problem: string): void {
    const sentence = `it sent what is no frame of the peer protocol: ${problem}`;
    this.close(sentence, { code: "malformed", sentence });
  }

  #flushLater(delay: number): void {
    if (this.outbox.bytes > 0) {
      this.#delayedBytes += this.outbox.bytes;
      const due = Math.max(performance.now() + delay, this.#delayed.at(-1)?.due ?? 0);
      this.#delayed.push({ due, pieces: this.outbox.take() });
    }
    this.#delayTimer ??= setTimeout(() => this.#flushDue(), this.#wait());
  }

  #flushDue(): void {
    this.#delayTimer = undefined;
    while ((this.#delayed[0]?.due ?? Number.POSITIVE_INFINITY) <= performance.now()) {
      const batch = this.#delayed.shift();
      for (const piece of batch?.pieces ?? []) this.#delayedBytes -= piece.length;
      writePieces(this.#socket, batch?.pieces ?? []);
    }
    if (this.#delayed.length > 0) this.#delayTimer = setTimeout(() => this.#flushDue(), this.#wait());
  }

  #wait(): number {
    return Math.max(0, Math.ceil((this.#delayed[0]?.due ?? 0) - performance.now()));
  }
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? "?"}`;
}

function describeFailure(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "nothing listens there (connection refused)";
    case "ECONNRESET":
    case "EPIPE":
      return "the connection broke (reset by the other side)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name does not resolve";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "the host does not answer";
    default:
      return error.message;
  }
}
