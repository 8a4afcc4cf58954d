import type { LogIndex, NodeId, Term } from "../protocol.ts";
import { ConfirmedLog, demand } from "./invariants-log.ts";
import type { RaftState } from "./state.ts";
import type { RaftRecord } from "./types.ts";

/**
 * What the syncs of one node's disk have confirmed: its records folded once more, apart from `recovery.ts`, so that each
 * start compares the two.
 */
export class ConfirmedDisk {
  currentTerm: Term = 0;
  #votedFor: NodeId = 0;
  /** Damaged, and not whole again. */
  #recovering = false;
  #log = new ConfirmedLog();
  /** Logs that faults have destroyed since the member was last whole. */
  #destroyed: ConfirmedLog[] = [];
  #damagedSinceStart = false;
  readonly #node: NodeId;
  #unconfirmed: RaftRecord[] = [];
  #positions: number[] = [];
  #uncertainFrom: LogIndex = Number.POSITIVE_INFINITY;

  constructor(node: NodeId) {
    this.#node = node;
  }

  get lastIndex(): LogIndex {
    return this.#log.lastIndex;
  }

  write(position: number, record: RaftRecord): void {
    this.#unconfirmed.push(record);
    this.#positions.push(position);
  }

  /** @param committed terms of the committed entries, from index 1 on */
  confirm(position: number, committed: readonly Term[]): void {
    let count = 0;
    while (count < this.#positions.length && this.#positions[count]! <= position) {
      this.#fold(this.#unconfirmed[count++]!, committed);
    }
    if (count === 0) return;
    this.#unconfirmed.splice(0, count);
    this.#positions.splice(0, count);
  }

  /** Of the records that no sync has confirmed, any first few may stay: from `#uncertainFrom` on, they changed the log. */
  crash(): void {
    for (const record of this.#unconfirmed) {
      if (record.type === "entries") this.#uncertainFrom = Math.min(this.#uncertainFrom, record.entries.first);
    }
    this.#forgetUnconfirmed();
  }

  damage(): void {
    this.#damagedSinceStart = true;
    this.#destroyed.push(this.#log);
  }

  /** What a start finds is on disk, whether a sync had confirmed it or not. */
  restart(state: RaftState): void {
    if (!this.#damagedSinceStart) this.#checkKept(state);
    this.#damagedSinceStart = false;
    this.currentTerm = state.currentTerm;
    this.#votedFor = state.votedFor;
    this.#recovering = state.recovering;
    this.#log = ConfirmedLog.of(state.log);
    this.#uncertainFrom = Number.POSITIVE_INFINITY;
    this.#forgetUnconfirmed();
  }

  /** It has voted for `candidate` in that term, and its word counts. */
  votes(term: Term, candidate: NodeId): boolean {
    return this.currentTerm === term && this.#votedFor === candidate && !this.#recovering;
  }

  endsWith(index: LogIndex, term: Term): boolean {
    return this.#log.lastIndex === index && this.#log.termAt(index) === term;
  }

  /** It has the entry, or had it when a fault destroyed it. */
  vouchesFor(index: LogIndex, term: Term): boolean {
    return this.#log.holds(index, term) || this.#destroyed.some((log) => log.holds(index, term));
  }

  /** Its log reaches, or reached before damage, this index; or it has gone on to a term later than `term`, and may be cut. */
  everReached(index: LogIndex, term: Term): boolean {
    if (this.#log.lastIndex >= index || this.currentTerm > term) return true;
    return this.#destroyed.some((log) => log.lastIndex >= index);
  }

  #forgetUnconfirmed(): void {
    this.#unconfirmed = [];
    this.#positions = [];
  }

  #fold(record: RaftRecord, committed: readonly Term[]): void {
    switch (record.type) {
      case "vote":
        this.currentTerm = record.term;
        this.#votedFor = record.votedFor;
        return;
      case "entries":
        this.#log.append(record.entries.first, record.entries.terms, committed);
        return;
      case "snapshot":
        this.#log.snapshot(record.snapshot.lastIncludedIndex, record.snapshot.lastIncludedTerm, committed);
        return;
      case "recovery":
        this.#recovering = record.recovering;
        if (!record.recovering) this.#checkWhole(committed);
    }
  }

  /** A start finds everything that was confirmed, but for what records that no sync had confirmed may have replaced. */
  #checkKept(state: RaftState): void {
    const { log, currentTerm, votedFor } = state;
    const voteKept = this.#votedFor === 0 || votedFor === this.#votedFor;
    const termKept = currentTerm > this.currentTerm || (currentTerm === this.currentTerm && voteKept);
    demand(termKept, `n${this.#node} forgot term ${this.currentTerm}, or its vote, in a crash`);
    const lost = `n${this.#node} lost confirmed entries in a crash`;
    demand(log.baseIndex >= this.#log.snapshotIndex, lost);
    if (!this.#log.holds(log.baseIndex, log.baseTerm)) return; // a newer snapshot took the whole log's place
    const last = Math.min(this.#log.lastIndex, this.#uncertainFrom - 1);
    for (let index = log.firstIndex; index <= last; index++)
      demand(log.termAt(index) === this.#log.termAt(index), lost);
  }

  /** Mended: all that was destroyed and is committed is there again. */
  #checkWhole(committed: readonly Term[]): void {
    for (const before of this.#destroyed) {
      for (let index = before.snapshotIndex; index <= Math.min(before.lastIndex, committed.length); index++) {
        const term = committed[index - 1] ?? 0;
        const back = !before.holds(index, term) || this.#log.holds(index, term);
        demand(back, `n${this.#node} calls itself whole without the committed entry ${index}`);
      }
    }
    this.#destroyed = [];
  }
}
