import type { Asker, RequestFailure } from "@synod/runtime/group";
import type { GrpcHandler } from "@synod/wire/grpc/server-connection";
import { GrpcStatus } from "@synod/wire/grpc/status";
import { ProtobufError } from "@synod/wire/protobuf";
import { type ApiErrorCode, apiErrors } from "../api/errors.ts";
import { base64Of } from "../gateway/json/base64.ts";
import type { Access } from "../model/auth/access.ts";
import { StoreError } from "../model/errors.ts";
import type { StoreResult } from "../state-machine.ts";
import { FairShare, type Queued } from "./admission/fair-queue.ts";
import { answer } from "./answers.ts";
import { Callers } from "./auth/callers.ts";
import type { KnownCaller } from "./auth/tokens.ts";
import type { CallSink } from "./call-sink.ts";
import { Calls } from "./calls.ts";
import type { ObserveStream } from "./concurrency/election-observe.ts";
import { FAILURES } from "./concurrency/session-failures.ts";
import type { TurnCall } from "./concurrency/session-turn.ts";
import type { LargeRange } from "./kv/range-large.ts";
import type { RangeStream } from "./kv/range-stream.ts";
import { KeepAliveStream } from "./leases/keep-alive-stream.ts";
import type { HealthStream } from "./maintenance/health.ts";
import { SnapshotStream } from "./maintenance/snapshot-stream.ts";
import type { StoreMethod } from "./method.ts";
import { STORE_METHODS } from "./methods.ts";
import { ABOUT_METADATA } from "./own-metadata.ts";
import type { StoreService } from "./service.ts";
import { WatchStream } from "./watch/watch-stream.ts";

/** Those that begin once the connection knows of them. */
type StartedStream = HealthStream | TurnCall | ObserveStream | RangeStream | LargeRange;
type OpenStream = WatchStream | KeepAliveStream | SnapshotStream | StartedStream;

/**
 * One client connection's calls: requests in, proposals and reads to the group, answers out. It writes to `grpc` only;
 * whoever owns the socket is told by `touch` that there is something to flush.
 */
export class StoreConnection implements GrpcHandler, Asker<StoreResult>, Queued {
  readonly service: StoreService;
  /** Set by whoever made both, before anything is received. */
  grpc!: CallSink;
  readonly calls: Calls = new Calls();
  readonly streams: Map<number, OpenStream> = new Map();
  /** Where its client is: address and port; "" where that is not known. */
  remote = "";
  /** Who calls. */
  readonly callers: Callers = new Callers(this);
  readonly #share = new FairShare();
  /** Calls that wait for work outside of the turn. */
  readonly #suspended = new Set<number>();
  readonly #flush: () => void;
  #touched = false;

  /** @param flush writes out what `grpc` has; called at the end of a turn in which there was something. */
  constructor(service: StoreService, flush: () => void) {
    this.service = service;
    this.#flush = flush;
  }

  /** There is something to send: flush at the end of this turn. */
  touch(): void {
    if (this.#touched) return;
    this.#touched = true;
    this.service.touched(this);
  }

  /** For the service. */
  flush(): void {
    this.#touched = false;
    this.#flush();
  }

  /** Proposes the request as it came, in the name of who calls. @throws StoreError `userEmpty`, `invalidAuthToken` */
  propose(opcode: number, message: Uint8Array, stream: number, method: StoreMethod): void {
    const { service } = this;
    if (!service.auth.enabled) return this.proposeOwn(opcode, message, stream, method);
    if (message.length >= service.limits.requestBytes) return this.refuse(stream, "requestTooLarge");
    const command = this.command(opcode, message, stream);
    service.group.propose(command, this, this.calls.add(stream, method));
  }

  /** Asks the leader; `method.answered` goes on. @throws as `propose` */
  ask(opcode: number, message: Uint8Array, stream: number, method: StoreMethod): void {
    if (message.length >= this.service.limits.requestBytes) return this.refuse(stream, "requestTooLarge");
    const question = this.command(opcode, message, stream);
    this.service.group.ask(question, this, this.calls.add(stream, method, message));
  }

  /** The request as it came, in the name of who calls. Valid until the next one. @throws as `propose` */
  command(opcode: number, message: Uint8Array, stream: number): Uint8Array {
    const { auth, commands } = this.service;
    if (!auth.enabled) return commands.make(opcode, message);
    const caller = this.caller(stream);
    if (caller === undefined) throw new StoreError("userEmpty");
    return commands.makeAs(caller, opcode, message);
  }

  /** Proposes a command in nobody's name: while authentication is on, of those that servers propose (`Area.needs`). */
  proposeOwn(opcode: number, message: Uint8Array, stream: number, method: StoreMethod): void {
    const { service } = this;
    if (message.length >= service.limits.requestBytes) return this.refuse(stream, "requestTooLarge");
    const token = this.calls.add(stream, method);
    service.group.propose(service.commands.make(opcode, message), this, token);
  }

  /** @returns undefined: nobody has said. @throws StoreError `invalidAuthToken` */
  caller(stream: number): KnownCaller | undefined {
    return this.callers.of(stream);
  }

  /** What the call may do with keys, for reads. @returns undefined: everything. @throws StoreError */
  access(stream: number): Access | undefined {
    const { auth } = this.service;
    return auth.enabled ? auth.access(this.caller(stream)) : undefined;
  }

  /** The call waits for work outside of this turn. @returns goes on with it, unless it is over by then. */
  suspend(stream: number): (next: () => void) => void {
    this.#suspended.add(stream);
    return (next) => {
      if (!this.#suspended.delete(stream)) return;
      try {
        next();
      } catch (error) {
        this.#failWith(stream, error);
      }
      this.touch();
    };
  }

  /** Executes the request when this node's state is known to be fresh. */
  readLinearizable(message: Uint8Array, stream: number, method: StoreMethod): void {
    if (this.service.isLearner) return this.refuse(stream, "notSupportedForLearner");
    this.service.group.read(this, this.calls.add(stream, method, message));
  }

  refuse(stream: number, code: ApiErrorCode): void {
    const error = apiErrors[code];
    this.finish(stream, error.grpc, error.message);
  }

  /** Ends a call with a gRPC status. */
  finish(stream: number, code: number, text: string): void {
    this.#forget(stream);
    this.grpc.finish(stream, code, text);
    this.touch();
  }

  // --- GrpcHandler

  onMessage(_grpc: CallSink, stream: number, number: number, message: Uint8Array, last: boolean): void {
    const { fair } = this.service;
    const method = STORE_METHODS[number] as StoreMethod;
    if (method.clientStreaming !== true && fair.defers(this, this.#share, stream, number, message)) return;
    this.#serve(_grpc, stream, number, message, last);
  }

  #serve(_grpc: CallSink, stream: number, number: number, message: Uint8Array, last: boolean): void {
    const method = STORE_METHODS[number] as StoreMethod;
    try {
      const obstacle = this.service.obstacle(this, stream, method);
      if (obstacle !== undefined) return this.refuse(stream, obstacle);
      if (this.service.auth.enabled && !this.callers.admit(stream, method.access))
        return this.callers.park(stream, () => this.#serve(_grpc, stream, number, message, last));
      const { admission } = this.service;
      if (admission !== undefined && !admission.admits(this, this.#user(stream), method))
        return this.refuse(stream, "tooManyRequests");
      method.handle(this, stream, message);
      if (last) this.streams.get(stream)?.onHalfClose();
    } catch (error) {
      this.#failWith(stream, error);
    }
  }

  onHalfClose(_grpc: CallSink, stream: number): void {
    if (this.callers.isParked(stream)) return this.callers.park(stream, () => this.onHalfClose(_grpc, stream));
    const open = this.streams.get(stream);
    // A client-streaming call without a single message has nothing to wait for.
    if (open === undefined) this.finish(stream, GrpcStatus.OK, "");
    else open.onHalfClose();
  }

  onCancel(_grpc: CallSink, stream: number): void {
    this.#forget(stream);
  }

  onStreamWritable(_grpc: CallSink, stream: number): void {
    this.streams.get(stream)?.onWritable();
  }

  // --- Queued

  get waiting(): number {
    return this.calls.waiting;
  }

  serve(stream: number, number: number, message: Uint8Array): void {
    this.#serve(this.grpc, stream, number, message, true);
    this.touch();
  }

  // --- Requester

  applied(token: number, result: StoreResult): void {
    this.service.options.audit?.from(this.remote);
    const stream = this.calls.stream(token);
    const method = this.calls.method(token);
    this.calls.release(token);
    if (method.applied !== undefined) method.applied(this, stream, result);
    else if (result.type === "refused") this.#refuseAbout(stream, result);
    else answer(this, stream, result);
    this.touch();
  }

  readable(token: number): void {
    const stream = this.calls.stream(token);
    const method = this.calls.method(token);
    const message = this.calls.message(token);
    this.calls.release(token);
    try {
      // Who might when the call came may not any more.
      if (this.service.auth.enabled && method.access !== "open")
        this.service.auth.admit(this.caller(stream), method.access);
      method.readable?.(this, stream, message);
    } catch (error) {
      this.#failWith(stream, error);
    }
    this.touch();
  }

  answered(token: number, answer: Uint8Array): void {
    const stream = this.calls.stream(token);
    const method = this.calls.method(token);
    const message = this.calls.message(token);
    this.calls.release(token);
    try {
      method.answered?.(this, stream, message, answer);
    } catch (error) {
      this.#failWith(stream, error);
    }
    this.touch();
  }

  failed(token: number, reason: RequestFailure): void {
    const stream = this.calls.stream(token);
    this.calls.release(token);
    this.refuse(stream, FAILURES[reason]);
  }

  // --- Streams

  watchStream(stream: number): WatchStream {
    const open = this.streams.get(stream);
    if (open?.type === "watch") return open;
    const opened = new WatchStream(this, stream, this.#requiresLeader(stream));
    this.callers.opened(stream);
    this.streams.set(stream, opened);
    this.service.opened(this);
    return opened;
  }

  keepAliveStream(stream: number): KeepAliveStream {
    const open = this.streams.get(stream);
    if (open?.type === "keepAlive") return open;
    const opened = new KeepAliveStream(this, stream, this.#requiresLeader(stream));
    this.callers.opened(stream);
    this.streams.set(stream, opened);
    this.service.opened(this);
    return opened;
  }

  openSnapshot(stream: number): void {
    const opened = new SnapshotStream(this, stream);
    this.streams.set(stream, opened);
    this.service.opened(this);
    opened.start();
  }

  /** A call whose answer takes more than one turn. */
  openTurn(stream: number, opened: StartedStream): void {
    this.callers.opened(stream);
    this.streams.set(stream, opened);
    this.service.opened(this);
    opened.start();
  }

  #requiresLeader(stream: number): boolean {
    return this.grpc.metadata(stream, "hasleader") === "true";
  }

  /** What etcd's text has no place for goes into metadata. */
  #refuseAbout(stream: number, { code, about }: Extract<StoreResult, { type: "refused" }>): void {
    if (about !== undefined) this.grpc.sendHeaders(stream, [[ABOUT_METADATA, base64Of(about)]]);
    this.refuse(stream, code);
  }

  #user(stream: number): string | undefined {
    return this.service.auth.enabled ? this.caller(stream)?.user : undefined;
  }

  /** The call is over. */
  #forget(stream: number): void {
    this.service.fair.forget(this.#share, stream);
    this.streams.get(stream)?.close();
    this.streams.delete(stream);
    this.#suspended.delete(stream);
    this.callers.forget(stream);
  }

  #failWith(stream: number, error: unknown): void {
    if (error instanceof StoreError) this.refuse(stream, error.code);
    else if (error instanceof ProtobufError) {
      this.finish(stream, GrpcStatus.INTERNAL, `grpc: error unmarshalling request: ${error.message}`);
    } else throw error;
  }
}
