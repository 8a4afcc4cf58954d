import type { Answerer } from "@synod/runtime/group";
import { ProtobufError, ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { type ApiErrorCode, apiErrors } from "../../api/errors.ts";
import { decodeLeaseId, decodeLeaseTimeToLiveRequest, encodeLeaseTimeToLive, encodeLeaseTtl } from "../../api/lease.ts";
import { AS_USER, Envelope, type Guard } from "../../envelope.ts";
import { StoreError } from "../../model/errors.ts";
import { BY_LOG } from "../../model/leases.ts";
import type { StoreModel } from "../../model/store.ts";
import type { ClusterTime, Term } from "../../model/types.ts";
import { Opcode } from "../../state-machine.ts";

/** The first byte of an answer, and what follows. */
export const AnswerKind = {
  /** Nothing: only the log can renew the lease further. */
  byLog: 0,
  /** The response's protobuf without its header; of a time to live, without the keys. */
  told: 1,
  /** The error's code, in ASCII. */
  refused: 2,
} as const;

const BY_THE_LOG = Uint8Array.of(AnswerKind.byLog);
const TOLD = Uint8Array.of(AnswerKind.told);
const NO_KEYS: readonly Uint8Array[] = [];

/**
 * What the leader says of leases from memory (docs/adr/0010-lease-renewals.md). A question is what the command would be, and
 * whoever asks is judged as by the log: by the users as the leader knows them, which is no older than the question.
 */
export class LeaseQuestions implements Answerer {
  readonly #model: StoreModel;
  readonly #guard: Guard;
  readonly #reader = new ProtobufReader(new Uint8Array(0));
  readonly #envelope = new Envelope();
  readonly #writer = new ProtobufWriter(64);

  constructor(model: StoreModel, guard: Guard) {
    this.#model = model;
    this.#guard = guard;
  }

  answer(question: Uint8Array, term: Term, time: ClusterTime): Uint8Array {
    try {
      return this.#answer(this.#open(question), term, time);
    } catch (error) {
      if (error instanceof StoreError) return refusal(error.code);
      // Every node asks only what it has understood itself: another version asks, or nobody.
      if (error instanceof ProtobufError) return refusal("timeout");
      throw error;
    }
  }

  /** @returns the opcode; `#reader` is at the message. @throws StoreError: who asks may not */
  #open(question: Uint8Array): number {
    const reader = this.#reader;
    reader.reset(question, 1);
    if (question[0] !== AS_USER) {
      if (this.#guard.enabled) throw new StoreError("userEmpty");
      return question[0] ?? 0;
    }
    const envelope = this.#envelope;
    envelope.decode(reader);
    if (this.#guard.enabled) this.#guard.admit(envelope, "user");
    reader.reset(envelope.command, 1);
    return envelope.command[0] ?? 0;
  }

  #answer(opcode: number, term: Term, time: ClusterTime): Uint8Array {
    const writer = this.#writer;
    writer.reset();
    writer.raw(TOLD);
    if (opcode === Opcode.leaseKeepAlive) {
      const id = decodeLeaseId(this.#reader);
      const ttl = this.#model.leaseKeep(id, time, term);
      if (ttl === BY_LOG) return BY_THE_LOG;
      encodeLeaseTtl(writer, id, ttl);
    } else if (opcode === Opcode.leaseTimeToLive) {
      const { id } = decodeLeaseTimeToLiveRequest(this.#reader);
      const { ttl, grantedTtl } = this.#model.leaseTimeToLive(id, false, time, term);
      encodeLeaseTimeToLive(writer, id, ttl, grantedTtl, NO_KEYS);
    } else return refusal("timeout");
    return writer.view();
  }
}

function refusal(code: ApiErrorCode): Uint8Array {
  return Uint8Array.of(AnswerKind.refused, ...Array.from(code, (letter) => letter.charCodeAt(0)));
}

/** @returns why the leader has refused; undefined: it has not. */
export function refusalIn(answer: Uint8Array): ApiErrorCode | undefined {
  if (answer[0] !== AnswerKind.refused) return undefined;
  const code = String.fromCharCode(...answer.subarray(1));
  return code in apiErrors ? (code as ApiErrorCode) : "timeout";
}
