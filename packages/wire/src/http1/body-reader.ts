import { EMPTY_BYTES } from "../bytes.ts";
import type { BodyFraming, Http1Fault } from "./request-head.ts";

/** "more": the body goes on behind the octets read so far. */
export type BodyProgress = "more" | "done" | Http1Fault;

/** Longest line with the size of a chunk, octets: eight hexadecimal digits are plenty. */
const LONGEST_SIZE = 8;
const CR = 13;
const LF = 10;

/** Collects the body of one request (RFC 9112 §6, §7.1), up to a limit. */
export class BodyReader {
  private body: Uint8Array = EMPTY_BYTES;
  private held = 0;
  private readonly framing: BodyFraming;
  private readonly largest: number;
  /** Octets of content still to come of the body, or of the current chunk. */
  private left = 0;
  private state: "data" | "size" | "afterData" | "end" = "data";
  private line = "";
  /** Where `read` stopped: what follows belongs to the next request. */
  position = 0;

  constructor(framing: BodyFraming, largest: number) {
    this.framing = framing;
    this.largest = largest;
    if (framing.type === "length") this.left = framing.length;
    if (framing.type === "chunked") this.state = "size";
  }

  /** What has been collected. */
  get bytes(): Uint8Array {
    return this.body.subarray(0, this.held);
  }

  /** Reads on in `bytes` from `start`. */
  read(bytes: Uint8Array, start: number): BodyProgress {
    this.position = start;
    if (this.left > this.largest) return TOO_LARGE;
    if (this.framing.type === "chunked") return this.readChunks(bytes);
    this.take(bytes);
    return this.left === 0 ? "done" : "more";
  }

  private readChunks(bytes: Uint8Array): BodyProgress {
    while (this.position < bytes.length) {
      if (this.state === "data") {
        this.take(bytes);
        if (this.left === 0) this.state = "afterData";
        continue;
      }
      const byte = bytes[this.position++]!;
      const progress = this.onLineOctet(byte);
      if (progress !== "more") return progress;
    }
    return "more";
  }

  /** One octet of what frames the chunks. No chunk extensions and no trailers: nobody needs them, smugglers like them. */
  private onLineOctet(byte: number): BodyProgress {
    if (this.line === "\r") {
      this.line = "";
      if (byte !== LF) return MALFORMED;
      if (this.state === "end") return "done";
      if (this.state === "afterData") this.state = "size";
      else this.state = this.left === 0 ? "end" : "data";
      return "more";
    }
    if (this.state === "size" && byte !== CR) {
      this.line += String.fromCharCode(byte);
      return this.line.length <= LONGEST_SIZE && /^[0-9a-fA-F]+$/.test(this.line) ? "more" : MALFORMED;
    }
    if (byte !== CR || (this.state === "size" && this.line === "")) return MALFORMED;
    if (this.state === "size") {
      this.left = Number.parseInt(this.line, 16);
      if (this.held + this.left > this.largest) return TOO_LARGE;
    }
    this.line = "\r";
    return "more";
  }

  private take(bytes: Uint8Array): void {
    const size = Math.min(this.left, bytes.length - this.position);
    const needed = this.held + size;
    if (needed > this.body.length) {
      const room = this.framing.type === "length" ? Math.min(this.framing.length, needed * 2) : needed * 2;
      const grown = new Uint8Array(Math.max(needed, room));
      grown.set(this.bytes);
      this.body = grown;
    }
    this.body.set(bytes.subarray(this.position, this.position + size), this.held);
    this.held = needed;
    this.left -= size;
    this.position += size;
  }
}

const TOO_LARGE: Http1Fault = { status: 413, reason: "body too large" };
const MALFORMED: Http1Fault = { status: 400, reason: "malformed chunk" };
