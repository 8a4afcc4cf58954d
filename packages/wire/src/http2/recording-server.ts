import { concat, decodeLatin1 } from "../bytes.ts";
import * as frames from "./frames.ts";
import { ErrorCode } from "./frames.ts";
import { encodeHeaders } from "./hpack/encoder.ts";
import { type SeenFrame, SeenFrames, script } from "./scripted-peer.ts";
import {
  DEFAULT_HTTP2_LIMITS,
  type Http2Limits,
  Http2ServerConnection,
  type Http2ServerEvents,
} from "./server-connection.ts";
import { Stream } from "./stream.ts";

/** The layer above of a test: a list of what the connection told it. */
export class RecordingServer implements Http2ServerEvents<Stream> {
  readonly told: string[] = [];
  readonly connection: Http2ServerConnection<Stream>;
  /** Octets of content received, over all streams. */
  content = 0;
  private readonly seen = new SeenFrames();

  constructor(limits: Http2Limits = DEFAULT_HTTP2_LIMITS) {
    this.connection = new Http2ServerConnection<Stream>(this, () => new Stream(), limits);
  }

  onRequest(stream: Stream, { method, path }: { method: string; path: string }, last: boolean): void {
    this.told.push(`${stream.id} ${method} ${path}${last ? " last" : ""}`);
  }
  onData(stream: Stream, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    this.content += end - start;
    this.told.push(`${stream.id} data ${decodeLatin1(bytes, start, Math.min(end, start + 20))}${last ? " last" : ""}`);
  }
  onReset(stream: Stream): void {
    this.told.push(`${stream.id} reset`);
  }
  onWritable(stream: Stream): void {
    this.told.push(`${stream.id} writable`);
  }

  /** Feeds the parts as one chunk. @returns what the server answers. */
  say(...parts: Uint8Array[]): SeenFrame[] {
    this.connection.receive(concat(parts), 0);
    return this.answers();
  }

  answers(): SeenFrame[] {
    const taken: Uint8Array[] = [];
    for (let bytes = this.connection.output.take(); bytes !== undefined; bytes = this.connection.output.take()) {
      taken.push(bytes);
      this.connection.sender.flush();
    }
    return this.seen.read(concat(taken));
  }

  /** Answers a request with `content` between headers and trailers. */
  answer(id: number, content: Uint8Array): void {
    const stream = this.connection.streams.get(id) as Stream;
    this.connection.sender.headers(stream, encodeHeaders([[":status", "200"]]), false);
    this.connection.sender.data(stream, content);
    stream.localClosed = true;
    if (this.connection.sender.trailers(stream, encodeHeaders([["x", "y"]]))) this.connection.finish(stream);
  }
}

/** A server that has taken the preface and whose own greeting has been read. */
export function started(limits: Http2Limits = DEFAULT_HTTP2_LIMITS): RecordingServer {
  const server = new RecordingServer(limits);
  server.say(script.hello());
  return server;
}

/** The name of the error code in a GOAWAY or RST_STREAM. */
export function codeOf(frame: SeenFrame | undefined): string | undefined {
  if (frame?.type !== frames.GOAWAY && frame?.type !== frames.RST_STREAM) return undefined;
  const code = frames.uint32(frame.payload, frame.type === frames.GOAWAY ? 4 : 0);
  return Object.entries(ErrorCode).find(([, value]) => value === code)?.[0];
}
