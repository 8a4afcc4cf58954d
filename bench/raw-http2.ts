import { connect, type Socket } from "node:net";

/** Frame types and flags of HTTP/2 (RFC 9113 §6) that this client meets. */
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;

const LARGEST_WINDOW = 0x7fffffff;
const TOP_UP = 1 << 24;

export interface StreamEvents {
  /** A piece of a stream's data, as it came: not yet cut into messages. The memory is the socket's: do not keep it. */
  data(stream: number, bytes: Buffer): void;
  ended(stream: number): void;
}

/**
 * An HTTP/2 client that does next to nothing: it opens streams with a fixed header block and looks into no header it gets.
 * Cheap enough to count millions of events a second beside the server under test.
 */
export class RawHttp2 {
  readonly #socket: Socket;
  readonly #events: StreamEvents;
  #pending: Buffer = Buffer.alloc(0);
  #received = 0;
  #nextStream = 1;
  #outgoing: Buffer[] = [];
  /** Bytes of data that the server will take on this connection, and the requests that wait for more of it. */
  #window = 65_535;
  #waiting: { readonly start: Buffer | undefined; readonly data: Buffer }[] = [];

  constructor(port: number, events: StreamEvents, failed: (reason: string) => void) {
    this.#events = events;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes, failed));
    this.#socket.on("error", (error) => failed(error.message));
    this.#socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const initialWindow = Buffer.alloc(6);
    initialWindow.writeUInt16BE(4, 0); // SETTINGS_INITIAL_WINDOW_SIZE
    initialWindow.writeUInt32BE(LARGEST_WINDOW, 2);
    this.#socket.write(frame(SETTINGS, 0, 0, initialWindow));
    this.#socket.write(windowUpdate(LARGEST_WINDOW - 65_535));
  }

  /**
   * Sends a request; the stream stays open on our side unless `last`. Leaves with `flush`, or when the server's window lets it.
   * @param body at most 16,384 bytes: one frame of the size that every server must take.
   * @returns the stream's number
   */
  open(headers: Buffer, body: Buffer, last: boolean): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const start = frame(HEADERS, END_HEADERS, stream, headers);
    this.#waiting.push({ start, data: frame(DATA, last ? END_STREAM : 0, stream, body) });
    this.#admit();
    return stream;
  }

  /**
   * Sends another message on a stream that is open on our side. The stream's own window is not looked at: unanswered
   * messages of one stream must stay well below 32 KiB together, half of what a server grants at first.
   */
  send(stream: number, body: Buffer): void {
    this.#waiting.push({ start: undefined, data: frame(DATA, 0, stream, body) });
    this.#admit();
  }

  flush(): void {
    if (this.#outgoing.length > 0) this.#socket.write(Buffer.concat(this.#outgoing));
    this.#outgoing = [];
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer, failed: (reason: string) => void): void {
    const buffer = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    let offset = 0;
    while (buffer.length - offset >= 9) {
      const length = buffer.readUIntBE(offset, 3);
      const end = offset + 9 + length;
      if (end > buffer.length) break;
      const type = buffer[offset + 3] as number;
      const flags = buffer[offset + 4] as number;
      const stream = buffer.readUInt32BE(offset + 5) & LARGEST_WINDOW;
      const payload = buffer.subarray(offset + 9, end);
      if (type === DATA && (flags & PADDED) !== 0)
        failed("the server pads its frames, which this client does not read");
      if (type === DATA) this.#data(stream, payload);
      else if (type === SETTINGS && (flags & ACK) === 0) this.#socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
      else if (type === PING && (flags & ACK) === 0) this.#socket.write(frame(PING, ACK, 0, payload));
      else if (type === WINDOW_UPDATE && stream === 0) {
        this.#window += payload.readUInt32BE(0);
        this.#admit();
      } else if (type === GOAWAY) failed(`the server says goodbye: ${payload.subarray(8).toString()}`);
      if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.#events.ended(stream);
      offset = end;
    }
    this.#pending = buffer.subarray(offset);
    this.flush();
  }

  /** Lets requests out as far as the connection's window reaches (RFC 9113 §5.2). */
  #admit(): void {
    let admitted = 0;
    for (const { start, data } of this.#waiting) {
      if (data.length - 9 > this.#window) break;
      this.#window -= data.length - 9;
      if (start !== undefined) this.#outgoing.push(start);
      this.#outgoing.push(data);
      admitted += 1;
    }
    this.#waiting.splice(0, admitted);
  }

  #data(stream: number, payload: Buffer): void {
    this.#received += payload.length;
    if (this.#received >= TOP_UP) {
      this.#outgoing.push(windowUpdate(this.#received));
      this.#received = 0;
    }
    this.#events.data(stream, payload);
  }
}

/** The header block of a gRPC request, all literals without indexing (RFC 7541 §6.2.2). */
export function grpcHeaders(method: string): Buffer {
  const literal = (name: string, value: string): Buffer =>
    Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.of(0x83, 0x86), // :method POST, :scheme http
    literal(":path", method),
    literal(":authority", "127.0.0.1"),
    literal("content-type", "application/grpc"),
    literal("te", "trailers"),
  ]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, 9);
  return bytes;
}

function windowUpdate(increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}
