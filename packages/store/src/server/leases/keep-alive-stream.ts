import type { Asker, RequestFailure } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf";
import type { ApiErrorCode } from "../../api/errors.ts";
import { encodeLeaseTtl } from "../../api/lease.ts";
import { StoreError } from "../../model/errors.ts";
import { Opcode, type StoreResult } from "../../state-machine.ts";
import { FAILURES } from "../concurrency/session-failures.ts";
import type { StoreConnection } from "../connection.ts";
import { AnswerQueue } from "./answer-queue.ts";
import { AnswerKind, refusalIn } from "./lease-questions.ts";

/** Renewals under way on one stream; a client that sends on without waiting gets no further. */
const MOST_WAITING = 1024;

/**
 * One call of LeaseKeepAlive: a response for each request, in order. The leader renews from memory; what only the log may
 * renew is proposed then.
 */
export class KeepAliveStream implements Asker<StoreResult> {
  readonly type = "keepAlive";
  readonly requiresLeader: boolean;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #queue = new AnswerQueue();
  #halfClosed = false;
  #closed = false;

  constructor(connection: StoreConnection, stream: number, requiresLeader: boolean) {
    this.#connection = connection;
    this.#stream = stream;
    this.requiresLeader = requiresLeader;
  }

  /** @param message kept until it is answered. @throws StoreError `userEmpty`, `invalidAuthToken` */
  renew(message: Uint8Array): void {
    const { limits, group } = this.#connection.service;
    if (this.#queue.waiting >= MOST_WAITING) return this.#refuse("tooManyRequests");
    if (message.length >= limits.requestBytes) return this.#refuse("requestTooLarge");
    const question = this.#connection.command(Opcode.leaseKeepAlive, message, this.#stream);
    group.ask(question, this, this.#queue.add(message));
  }

  onHalfClose(): void {
    this.#halfClosed = true;
    this.#endIfDone();
  }

  onWritable(): void {}

  close(): void {
    this.#closed = true;
  }

  // --- Asker

  answered(number: number, answer: Uint8Array): void {
    if (this.#closed) return;
    if (answer[0] === AnswerKind.told) return this.#answer(number, answer.subarray(1), true);
    const refused = refusalIn(answer);
    if (refused === undefined) this.#propose(number);
    else this.#refuse(refused);
  }

  /** TTL 0: there is no such lease (any more). That is an answer, not an error. */
  applied(number: number, result: StoreResult): void {
    if (this.#closed) return;
    if (result.type === "refused") return this.#refuse(result.code);
    if (result.type !== "leaseKeepAlive") return;
    const writer = new ProtobufWriter(32);
    encodeLeaseTtl(writer, result.id, result.ttl);
    this.#answer(number, writer.view(), false);
  }

  failed(_number: number, reason: RequestFailure): void {
    if (!this.#closed) this.#refuse(FAILURES[reason]);
  }

  /** It never reads. */
  readable(): void {}

  #propose(number: number): void {
    const { service } = this.#connection;
    try {
      const message = this.#queue.request(number);
      service.group.propose(this.#connection.command(Opcode.leaseKeepAlive, message, this.#stream), this, number);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#refuse(error.code);
    }
  }

  /** @param isView of memory that is used again. */
  #answer(number: number, body: Uint8Array, isView: boolean): void {
    if (!this.#queue.isFirst(number)) return this.#queue.hold(number, isView ? body.slice() : body);
    for (let next: Uint8Array | undefined = body; next !== undefined; next = this.#queue.shift()) this.#write(next);
    this.#connection.touch();
    this.#endIfDone();
  }

  #write(body: Uint8Array): void {
    const { grpc, service } = this.#connection;
    const writer = grpc.begin(this.#stream);
    service.header.write(writer, service.model.revision);
    writer.raw(body);
    grpc.endMessage();
  }

  #refuse(code: ApiErrorCode): void {
    this.#connection.refuse(this.#stream, code);
  }

  #endIfDone(): void {
    if (this.#halfClosed && this.#queue.waiting === 0) this.#connection.finish(this.#stream, 0, "");
  }
}
