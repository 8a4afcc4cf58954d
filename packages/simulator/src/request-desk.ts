import type { LogIndex, NodeId } from "@synod/protocols/protocol";
import type { ClientRequest, NodeHost } from "./host.ts";
import { clientOf, type KeyValue } from "./key-value.ts";

/** What a node owes to clients: answers to writes once they are applied, and to reads once they may be served. */
export class RequestDesk {
  readonly #host: NodeHost<never>;
  /** By client, which has one request under way. */
  readonly #writes = new Map<number, ClientRequest>();
  readonly #reads = new Map<number, ClientRequest>();
  #readable: { context: number; index: LogIndex }[] = [];
  #nextContext = 1;

  constructor(host: NodeHost<never>) {
    this.#host = host;
  }

  get hasReadable(): boolean {
    return this.#readable.length > 0;
  }

  /** The process ended; nobody gets an answer. */
  clear(): void {
    this.#writes.clear();
    this.#reads.clear();
    this.#readable = [];
  }

  awaitApply(request: ClientRequest): void {
    this.#writes.set(request.client, request);
  }

  /** @returns the read's name, which no earlier life of the node has used: an answer may come very late. */
  awaitReadable(request: ClientRequest, life: number): number {
    const context = life * 0x10_0000 + this.#nextContext++;
    this.#reads.set(context, request);
    return context;
  }

  readable(context: number, index: LogIndex): void {
    this.#readable.push({ context, index });
  }

  refuseRead(context: number, leader: NodeId): void {
    const request = this.#reads.get(context);
    if (request === undefined) return;
    this.#reads.delete(context);
    this.#host.answer(request, { type: "refused", reason: "noQuorum", leader });
  }

  /** Carries the command out, and answers whoever waits for it here. */
  apply(machine: KeyValue, index: LogIndex, payload: Uint8Array): void {
    const before = machine.deduplicated;
    const session = machine.apply(index, payload);
    if (machine.deduplicated > before) this.#host.goal("retry deduplicated");
    const client = clientOf(payload);
    const request = this.#writes.get(client);
    if (request === undefined || session.request < request.request) return;
    this.#writes.delete(client);
    if (session.request !== request.request) return; // the client has moved on
    this.#host.answer(request, { type: "applied", done: session.done, index: session.index });
  }

  /** Serves the reads whose index has been applied. */
  serve(machine: KeyValue, appliedIndex: LogIndex, leading: boolean): void {
    const waiting = this.#readable;
    this.#readable = [];
    for (const readable of waiting) {
      if (readable.index > appliedIndex) {
        this.#readable.push(readable);
        continue;
      }
      const request = this.#reads.get(readable.context);
      if (request === undefined) continue; // its answer came twice
      this.#reads.delete(readable.context);
      if (!leading) this.#host.goal("linearizable read on a follower");
      this.#host.answer(request, { type: "value", value: machine.read(request.key), index: appliedIndex });
    }
  }
}
