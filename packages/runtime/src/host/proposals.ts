import type { Instant, NodeId, Term } from "@synod/protocols/protocol";
import type { Requester, RequestFailure } from "../group.ts";
import { type Batch, BatchBuilder } from "./batch.ts";
import { Requests } from "./requests.ts";

/** A batch that some request still waits for. */
export interface Outstanding extends Batch {
  /** When, in which term and to whom it was last handed; 0: nobody yet. */
  sentAt: Instant;
  sentTerm: Term;
  sentTo: NodeId;
  /** How often it was handed to anybody. */
  handed: number;
}

/**
 * This node's clients' commands, from the turn in which they come until they are applied here; or their questions, until
 * they are answered.
 */
export class Proposals<Result, Waiter extends Requester<Result> = Requester<Result>> {
  readonly requests: Requests<Result, Waiter>;
  readonly #builder: BatchBuilder;
  readonly #maxBatchBytes: number;
  #outstanding: Outstanding[] = [];

  constructor(node: NodeId, incarnation: number, limits: { requests: number; batchBytes: number }) {
    this.requests = new Requests(limits.requests);
    this.#builder = new BatchBuilder(node, incarnation);
    this.#maxBatchBytes = limits.batchBytes;
  }

  /** @returns false: too many wait already. */
  add(command: Uint8Array, requester: Waiter, token: number, deadline: Instant): boolean {
    const sequence = this.requests.add(requester, token, deadline);
    if (sequence === 0) return false;
    if (this.#builder.count > 0 && this.#builder.size + command.length > this.#maxBatchBytes) this.#seal();
    this.#builder.add(sequence, command);
    return true;
  }

  get hasNew(): boolean {
    return this.#builder.count > 0;
  }

  get hasOutstanding(): boolean {
    return this.#outstanding.length > 0 || this.hasNew;
  }

  #seal(): void {
    this.#outstanding.push({ ...this.#builder.take(), sentAt: 0, sentTerm: 0, sentTo: 0, handed: 0 });
  }

  /**
   * The batches to hand to `leader` now, oldest first: new ones, ones last handed to another leader or term, and ones
   * that have waited since `before` (their messages may be lost).
   */
  due(leader: NodeId, term: Term, now: Instant, before: Instant): Outstanding[] {
    if (this.hasNew) this.#seal();
    const due: Outstanding[] = [];
    for (const batch of this.#outstanding) {
      if (batch.sentTo === leader && batch.sentTerm === term && batch.sentAt > before) continue;
      batch.sentAt = now;
      batch.sentTo = leader;
      batch.sentTerm = term;
      batch.handed++;
      due.push(batch);
    }
    return due;
  }

  /** It was not taken and may be handed out again. */
  unsent(batch: Batch): void {
    (batch as Outstanding).sentTo = 0;
  }

  /** Refused where it was handed last. If it was never handed to another, its requests certainly failed. */
  refused(batch: Batch, reason: RequestFailure): void {
    if ((batch as Outstanding).handed > 1) return this.unsent(batch);
    for (let i = 0; i < batch.count; i++) this.requests.failed(batch.first + i, reason);
    this.#outstanding = this.#outstanding.filter((other) => other !== batch);
  }

  /** Everything up to this request is answered one way or another. */
  settle(): void {
    let done = 0;
    while (done < this.#outstanding.length) {
      const batch = this.#outstanding[done]!;
      if (this.requests.anyWaits(batch.first, batch.count)) break;
      done++;
    }
    if (done > 0) this.#outstanding.splice(0, done);
  }
}
