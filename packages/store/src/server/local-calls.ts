import { GrpcStatus } from "@synod/wire/grpc/status";
import { ProtobufWriter } from "@synod/wire/protobuf";
import type { CallSink, Metadata } from "./call-sink.ts";
import type { StoreConnection } from "./connection.ts";
import { METHOD_NUMBERS } from "./methods.ts";

/** Whoever makes a call in this process, for a client that does not speak gRPC. */
export interface LocalCall {
  /** A view, valid until this returns. @returns octets that the client has not taken yet. */
  onAnswer(message: Uint8Array): number;
  /** A large answer is to come in parts. @returns undefined: it is wanted in one piece. */
  onLongAnswer?(): AnswerInParts | undefined;
  /** Metadata of the answer, before it comes. */
  onHeaders?(fields: Metadata): void;
  /** The call is over. @param code a gRPC status code. */
  onFinish(code: number, text: string): void;
  /** As `CallSink.metadata`. */
  metadata(name: string): string | undefined;
  /** For calls that asked for `beats`: some seconds have gone by. */
  beat?(): void;
}

/** Takes an answer's parts, each of whole fields. */
export interface AnswerInParts {
  /** @returns octets that the client has not taken yet: the next part comes once it has. */
  part(bytes: Uint8Array, isLast: boolean): number;
}

interface Open {
  readonly call: LocalCall;
  readonly method: number;
  queued: number;
  /** A message that comes in parts. */
  long?: { readonly taker: AnswerInParts; left: number };
}

/** Octets of an answer that is wanted in one piece. */
const LONGEST = 64 << 20;

/** Calls of the store's methods on behalf of one client whose requests were put into protobuf here. */
export class LocalCalls implements CallSink {
  queuedBytes = 0;
  readonly #store: StoreConnection;
  readonly #open = new Map<number, Open>();
  readonly #beating = new Set<LocalCall>();
  readonly #writer = new ProtobufWriter();
  #nextStream = 1;
  /** The call whose answer is being encoded. */
  #building = 0;

  /** @param store its `grpc` is set to this. */
  constructor(store: StoreConnection) {
    this.#store = store;
    store.grpc = this;
  }

  /** @returns the number of the call: send its messages next. undefined: there is no such method. */
  open(path: string, call: LocalCall): number | undefined {
    const method = METHOD_NUMBERS.get(path);
    if (method === undefined) return undefined;
    const stream = this.#nextStream++;
    this.#open.set(stream, { call, method, queued: 0 });
    this.#store.service.traffic.calls.start(method);
    return stream;
  }

  /** @param message kept by the store; do not write to it afterwards. @param last no further one follows. */
  request(stream: number, message: Uint8Array, last: boolean): void {
    const open = this.#open.get(stream);
    if (open !== undefined) this.#store.onMessage(this, stream, open.method, message, last);
    this.#store.touch();
  }

  /** No further message follows. */
  halfClose(stream: number): void {
    if (this.#open.has(stream)) this.#store.onHalfClose(this, stream);
    this.#store.touch();
  }

  /** There is something to write to the client. */
  touch(): void {
    this.#store.touch();
  }

  /** From now on the call is told of each beat of the service. */
  beats(call: LocalCall): void {
    this.#beating.add(call);
    this.#store.service.beating.add(this);
  }

  /** For the service. */
  beat(): void {
    for (const call of this.#beating) call.beat?.();
  }

  /** The client does not want the answer any more. */
  cancel(stream: number): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    this.#forget(stream, open.call);
    this.#store.service.traffic.calls.finish(open.method, GrpcStatus.CANCELLED);
    this.#store.onCancel(this, stream);
  }

  cancelAll(): void {
    for (const stream of [...this.#open.keys()]) this.cancel(stream);
  }

  /** The client has taken everything. */
  writable(): void {
    this.queuedBytes = 0;
    for (const [stream, open] of this.#open) {
      if (open.queued === 0) continue;
      open.queued = 0;
      this.#store.onStreamWritable(this, stream);
    }
  }

  // --- CallSink

  begin(stream: number): ProtobufWriter {
    this.#building = stream;
    this.#writer.reset();
    return this.#writer;
  }

  endResponse(): void {
    this.respond(this.#building, this.#writer.view());
  }

  endMessage(): number {
    return this.send(this.#building, this.#writer.view());
  }

  send(stream: number, message: Uint8Array): number {
    const open = this.#open.get(stream);
    if (open === undefined) return 0;
    open.queued = open.call.onAnswer(message);
    this.queuedBytes = open.queued;
    return open.queued;
  }

  beginLong(stream: number, length: number): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    const taker = open.call.onLongAnswer?.() ?? inOnePiece(open.call, length);
    if (taker !== undefined) open.long = { taker, left: length };
    else this.finish(stream, GrpcStatus.RESOURCE_EXHAUSTED, `synod: the answer is larger than ${LONGEST >> 20} MiB`);
  }

  sendPart(stream: number, part: Uint8Array): number {
    const open = this.#open.get(stream);
    if (open?.long === undefined) return 0;
    open.long.left -= part.length;
    open.queued = open.long.taker.part(part, open.long.left === 0);
    this.queuedBytes = open.queued;
    return open.queued;
  }

  sendHeaders(stream: number, fields: Metadata): void {
    this.#open.get(stream)?.call.onHeaders?.(fields);
  }

  respond(stream: number, message: Uint8Array): void {
    this.send(stream, message);
    this.finish(stream, GrpcStatus.OK, "");
  }

  finish(stream: number, code: number, text: string): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    this.#forget(stream, open.call);
    this.#store.service.traffic.calls.finish(open.method, code);
    open.call.onFinish(code, text);
  }

  metadata(stream: number, name: string): string | undefined {
    return this.#open.get(stream)?.call.metadata(name);
  }

  timeout(): undefined {
    return undefined;
  }

  #forget(stream: number, call: LocalCall): void {
    this.#open.delete(stream);
    this.#beating.delete(call);
    if (this.#beating.size === 0) this.#store.service.beating.delete(this);
  }
}

/** Puts the parts together. @returns undefined: there are too many. */
function inOnePiece(call: LocalCall, length: number): AnswerInParts | undefined {
  if (length > LONGEST) return undefined;
  const whole = new Uint8Array(length);
  let filled = 0;
  return {
    part: (bytes, isLast) => {
      whole.set(bytes, filled);
      filled += bytes.length;
      return isLast ? call.onAnswer(whole) : 0;
    },
  };
}
