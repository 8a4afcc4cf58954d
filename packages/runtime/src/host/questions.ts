import type { Instant, NodeId, Term } from "@synod/protocols/protocol";
import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { Answerer, Asker, Requester } from "../group.ts";
import type { Transport } from "../transport/transport.ts";
import { BatchBuilder, BatchReader, isBatch } from "./batch.ts";
import { FrameKind } from "./frame-kinds.ts";
import { type Outstanding, Proposals } from "./proposals.ts";
import type { Reads } from "./reads.ts";

/** After this long without an answer questions are asked again: a frame may be lost. */
const RETRY_AFTER: Instant = 500_000;
/** Bytes of questions that a leader holds at most. What comes beyond is dropped; whoever asks asks again. */
const MOST_BYTES = 64 << 20;

/** Questions that a leader has taken. */
interface Taken {
  readonly from: NodeId;
  readonly bytes: Uint8Array;
  /** Set where this node asks itself. */
  readonly own: Outstanding | undefined;
}

export interface QuestionsOptions {
  readonly group: number;
  readonly self: NodeId;
  readonly incarnation: number;
  readonly limits: { readonly requests: number; readonly batchBytes: number; readonly requestTimeout: Instant };
  readonly transport: Pick<Transport, "queue">;
  clusterTime(): Instant;
  /** The term in which this node leads; undefined: it does not. */
  leads(): Term | undefined;
}

/**
 * Questions on their way to the leader's memory and back (`Group.ask`): those of one turn are one frame there, one ReadIndex
 * for all nodes' together, and one frame back.
 *
 * Who led when it took a question and leads in the same term when the read is served has led all the while, so it was this
 * node that a majority confirmed, after the question came.
 */
export class Questions<Result> implements Requester<Result> {
  answerer: Answerer | undefined;
  readonly #options: QuestionsOptions;
  readonly #own: Proposals<Result, Asker<Result>>;
  readonly #reader: BatchReader = new BatchReader();
  readonly #answers: BatchBuilder;
  /** On a leader: what has come since the last turn, and what waits for a read, by its token. */
  #arrived: Taken[] = [];
  readonly #waiting: Map<number, { readonly term: Term; readonly taken: readonly Taken[] }> = new Map();
  #nextToken = 1;
  #bytes = 0;
  /** Answers of this turn. */
  #heard: Uint8Array[] = [];

  constructor(options: QuestionsOptions) {
    this.#options = options;
    this.#own = new Proposals(options.self, options.incarnation, options.limits);
    this.#answers = new BatchBuilder(options.self, options.incarnation);
  }

  /** How many of this node's clients' wait. */
  get waiting(): number {
    return this.#own.requests.waiting;
  }

  /** @returns false: too many wait already. */
  add(question: Uint8Array, asker: Asker<Result>, token: number, deadline: Instant): boolean {
    return this.#own.add(question, asker, token, deadline);
  }

  /** A frame of another host: what makes no sense is dropped. @returns whether there is something for a turn */
  hear(from: NodeId, kind: number, body: Uint8Array): boolean {
    if (!isBatch(body)) return false;
    if (kind === FrameKind.answers) this.#heard.push(body);
    else if (this.#options.leads() !== undefined) this.#take({ from, bytes: body, own: undefined });
    else return false;
    return true;
  }

  /** First half of a turn, while there is a leader. */
  handOut(now: Instant, leader: NodeId, term: Term, reads: Reads<Result>): void {
    const { self, transport, group, limits } = this.#options;
    if (this.#own.hasOutstanding) {
      for (const batch of this.#own.due(leader, term, now, leader === self ? -1 : now - RETRY_AFTER)) {
        if (leader === self) this.#take({ from: self, bytes: batch.bytes, own: batch });
        else if (!transport.queue(leader, group, FrameKind.questions, EMPTY_BYTES, batch.bytes))
          this.#own.unsent(batch);
      }
    }
    if (this.#arrived.length === 0) return;
    const taken = this.#arrived;
    this.#arrived = [];
    if (leader !== self) return this.#forget(taken); // out of office since they came
    const token = this.#nextToken++;
    this.#waiting.set(token, { term, taken });
    if (!reads.add(this, token, now + limits.requestTimeout)) this.#drop(token);
  }

  /** Second half of a turn: tells what other nodes have answered. */
  tell(): void {
    if (this.#heard.length === 0) return;
    const heard = this.#heard;
    this.#heard = [];
    for (const bytes of heard) {
      this.#reader.open(bytes);
      const { node, incarnation, first, count } = this.#reader;
      if (node !== this.#options.self || incarnation !== this.#options.incarnation) continue;
      for (let i = 0; i < count; i++) this.#tell(first + i, this.#reader.next());
    }
    this.#own.settle();
  }

  expire(now: Instant): void {
    this.#own.requests.expire(now);
    this.#own.settle();
  }

  stop(): void {
    this.#own.requests.failAll("stopped");
  }

  // --- Requester, of the reads that confirm this node's leadership

  readable(token: number): void {
    const { term, taken } = this.#waiting.get(token)!;
    if (this.answerer === undefined || this.#options.leads() !== term) return this.#drop(token);
    this.#release(token, taken);
    const time = this.#options.clusterTime();
    for (const { from, bytes, own } of taken) {
      this.#reader.open(bytes);
      if (own === undefined) this.#answerTo(from, this.answerer, term, time);
      else this.#answerHere(this.answerer, term, time);
    }
    this.#own.settle();
  }

  failed(token: number): void {
    this.#drop(token);
  }

  applied(): void {}

  #answerHere(answerer: Answerer, term: Term, time: Instant): void {
    const { first, count } = this.#reader;
    for (let i = 0; i < count; i++) this.#tell(first + i, answerer.answer(this.#reader.next(), term, time));
  }

  #answerTo(to: NodeId, answerer: Answerer, term: Term, time: Instant): void {
    const { node, incarnation, first, count } = this.#reader;
    for (let i = 0; i < count; i++) {
      const answer = answerer.answer(this.#reader.next(), term, time);
      if (this.#answers.count > 0 && this.#answers.size + answer.length > this.#options.limits.batchBytes)
        this.#send(to, node, incarnation);
      this.#answers.add(first + i, answer);
    }
    if (this.#answers.count > 0) this.#send(to, node, incarnation);
  }

  #send(to: NodeId, node: NodeId, incarnation: number): void {
    const { bytes } = this.#answers.take(node, incarnation);
    this.#options.transport.queue(to, this.#options.group, FrameKind.answers, EMPTY_BYTES, bytes);
  }

  #tell(sequence: number, answer: Uint8Array): void {
    const asker = this.#own.requests.take(sequence);
    if (asker !== undefined) asker.answered(this.#own.requests.token, answer);
  }

  #take(taken: Taken): void {
    if (this.#bytes + taken.bytes.length > MOST_BYTES) {
      if (taken.own !== undefined) this.#own.refused(taken.own, "overloaded");
      return;
    }
    this.#bytes += taken.bytes.length;
    this.#arrived.push(taken);
  }

  /** It cannot be answered by this leader: whoever asked asks the next one, or again. */
  #drop(token: number): void {
    const { taken } = this.#waiting.get(token)!;
    this.#release(token, taken);
    for (const { own } of taken) if (own !== undefined) this.#own.unsent(own);
  }

  #release(token: number, taken: readonly Taken[]): void {
    this.#waiting.delete(token);
    this.#forget(taken);
  }

  #forget(taken: readonly Taken[]): void {
    for (const { bytes } of taken) this.#bytes -= bytes.length;
  }
}
