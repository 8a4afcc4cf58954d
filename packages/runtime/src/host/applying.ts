import type { Instant, LogIndex, NodeId, Term } from "@synod/protocols/protocol";
import type { RaftLog } from "@synod/protocols/raft/log";
import { EntryKind } from "@synod/protocols/raft/types";
import { Sessions } from "@synod/protocols/sessions";
import { crc32c } from "@synod/wire/crc32c";
import type { StateMachine } from "../group.ts";
import { BatchReader } from "./batch.ts";
import { StateHashes } from "./hash-compare.ts";
import type { Requests } from "./requests.ts";

const SESSIONS = 1024;
/** After a start a gigabyte of log may be committed at once: between pieces of this size the node says that it lives. */
const APPLIED_AT_ONCE = 16 << 20;

/** The replicated state of one group: the service's machine, and what makes requests exactly-once. */
export class Applied<Result> {
  readonly machine: StateMachine<Result>;
  /** Set once, when the log is recovered: how far it reached. */
  recovered: LogIndex = 0;
  #index: LogIndex = 0;
  #time: Instant = 0;
  #sessions: Sessions = new Sessions(SESSIONS);
  readonly #reader = new BatchReader();
  readonly #self: NodeId;
  readonly #incarnation: number;
  readonly #requests: Requests<Result>;
  readonly #hashEvery: number;
  commands = 0;
  readonly hashes: StateHashes = new StateHashes();

  constructor(
    machine: StateMachine<Result>,
    origin: { self: NodeId; incarnation: number },
    requests: Requests<Result>,
    hashEvery: number,
  ) {
    this.machine = machine;
    this.#self = origin.self;
    this.#incarnation = origin.incarnation;
    this.#requests = requests;
    this.#hashEvery = hashEvery;
  }

  get index(): LogIndex {
    return this.#index;
  }

  /** Cluster time of the last applied command. */
  get time(): Instant {
    return this.#time;
  }

  /** Applies what is committed, in one loop, and answers whoever waits for it here. Of very much: some, not all. */
  applyUpTo(commitIndex: LogIndex, log: RaftLog): void {
    let bytes = 0;
    this.machine.commandsStay = this.#index < this.recovered;
    for (let index = this.#index + 1; index <= commitIndex && bytes < APPLIED_AT_ONCE; index++) {
      const payload = log.payloadAt(index);
      if (log.kindAt(index) === EntryKind.command) this.#applyBatch(index, payload, log.termAt(index)!);
      bytes += payload.length;
      this.#index = index;
      if (index % this.#hashEvery === 0) this.hashes.note(index, this.#hash());
    }
  }

  /** Of all that is replicated. The sessions are few numbers; they are hashed as the snapshot would hold them. */
  #hash(): number {
    return crc32c(this.#sessions.snapshot(), this.machine.hash() >>> 0);
  }

  #applyBatch(index: LogIndex, payload: Uint8Array, term: Term): void {
    const reader = this.#reader;
    reader.open(payload);
    if (reader.time > this.#time) this.#time = reader.time;
    const session = this.#sessions.open(reader.node, reader.incarnation, index);
    const own = reader.node === this.#self && reader.incarnation === this.#incarnation;
    for (let i = 0; i < reader.count; i++) {
      const command = reader.next();
      const sequence = reader.first + i;
      if (!this.#sessions.admit(session, sequence)) continue;
      const result = this.machine.apply(index, this.#time, command, term);
      this.commands++;
      if (own) this.#requests.applied(sequence, result);
    }
  }

  /** The state as of now, frozen in this call: own header first, then the machine's chunks. Later entries do not show. */
  snapshot(): Iterator<Uint8Array> {
    const header = appliedHead(this.#index, this.#time, this.#sessions);
    const chunks = this.machine.snapshot();
    // A machine may write its snapshot as a generator, which does nothing before it is first asked.
    return chain(header, chunks.next(), chunks);
  }

  /** @throws RangeError where the bytes are no snapshot; the state is then undefined and the node must stop. */
  restore(chunks: Iterable<Uint8Array>): void {
    const steps = this.restoreInSteps(chunks);
    while (steps.next().done !== true);
  }

  /** The same in small steps; nothing changes before the last one. @throws RangeError, or what the machine throws */
  *restoreInSteps(chunks: Iterable<Uint8Array>): Generator<undefined, void, undefined> {
    const source = new ChunkSource(chunks);
    const fixed = source.take(20);
    const view = new DataView(fixed.buffer, fixed.byteOffset);
    const sessions = new Sessions(SESSIONS);
    sessions.restore(source.take(view.getUint32(16)));
    const steps = this.machine.restoreInSteps?.(source);
    if (steps === undefined) this.machine.restore(source);
    else while (steps.next().done !== true) yield;
    this.#sessions = sessions;
    this.#index = view.getFloat64(0);
    this.#time = view.getFloat64(8);
    this.hashes.clear();
  }
}

/** What stands before the machine's chunks in a snapshot of a group. */
export function appliedHead(index: LogIndex, time: Instant, sessions: Sessions = new Sessions(SESSIONS)): Uint8Array {
  const bytes = sessions.snapshot();
  const head = new Uint8Array(20 + bytes.length);
  const view = new DataView(head.buffer);
  view.setFloat64(0, index);
  view.setFloat64(8, time);
  view.setUint32(16, bytes.length);
  head.set(bytes, 20);
  return head;
}

function* chain(
  header: Uint8Array,
  first: IteratorResult<Uint8Array>,
  rest: Iterator<Uint8Array>,
): Generator<Uint8Array> {
  yield header;
  for (let next = first; next.done !== true; next = rest.next()) yield next.value;
}

/** Takes a prefix of known length off a stream of chunks; what is left can be iterated. */
class ChunkSource implements Iterable<Uint8Array> {
  readonly #chunks: Iterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  take(length: number): Uint8Array {
    while (this.#left.length < length) {
      const next = this.#chunks.next();
      if (next.done === true) throw new RangeError("a snapshot ends within its header");
      const joined = new Uint8Array(this.#left.length + next.value.length);
      joined.set(this.#left);
      joined.set(next.value, this.#left.length);
      this.#left = joined;
    }
    return this.#split(length);
  }

  #split(length: number): Uint8Array {
    const taken = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    return taken;
  }

  *[Symbol.iterator](): Iterator<Uint8Array> {
    if (this.#left.length > 0) yield this.#left;
    for (let next = this.#chunks.next(); next.done !== true; next = this.#chunks.next()) yield next.value;
  }
}
