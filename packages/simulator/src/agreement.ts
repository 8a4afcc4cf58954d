import type { LogIndex, NodeId, Term } from "@synod/protocols/protocol";
import { EntryKind } from "@synod/protocols/raft/types";
import { clientOf, requestOf } from "./key-value.ts";

export class PropertyViolation extends Error {
  override readonly name = "PropertyViolation";
  readonly property: string;
  constructor(property: string, message: string) {
    super(message);
    this.property = property;
  }
}

/**
 * The log that all nodes must agree on, as the first node to apply each entry saw it. Independent of the protocol's own
 * invariants: it looks only at what reached the state machines.
 */
export class Agreement {
  readonly #terms: Term[] = [];
  readonly #payloads: Uint8Array[] = [];
  readonly #stateHashes: number[] = [];
  readonly #leaders = new Map<Term, NodeId>();
  /** client × 2²⁰ + request → index of the first entry with it. */
  readonly #requests = new Map<number, LogIndex>();

  get length(): LogIndex {
    return this.#terms.length;
  }

  /** Election Safety (Raft §5.2): at most one leader in a term. */
  leader(node: NodeId, term: Term): void {
    const before = this.#leaders.get(term);
    if (before !== undefined && before !== node) {
      throw new PropertyViolation("election safety", `n${before} and n${node} both lead term ${term}`);
    }
    this.#leaders.set(term, node);
  }

  /** State-Machine Safety (§5.4.3): all nodes apply the same entry at one index, and are then in the same state. */
  applied(node: NodeId, index: LogIndex, term: Term, kind: EntryKind, payload: Uint8Array, stateHash: number): void {
    if (index > this.#terms.length + 1) {
      throw new PropertyViolation(
        "state machine safety",
        `n${node} applied entry ${index} before anybody applied the one before`,
      );
    }
    if (index === this.#terms.length + 1) {
      this.#terms.push(term);
      this.#payloads.push(payload);
      this.#stateHashes.push(stateHash);
      if (kind === EntryKind.command) this.#note(index, payload, stateHash);
      return;
    }
    const known = this.#payloads[index - 1]!;
    if (this.#terms[index - 1] !== term || (known !== payload && !equalBytes(known, payload))) {
      throw new PropertyViolation(
        "state machine safety",
        `n${node} applied entry ${index} of term ${term}; another node applied a different one there, of term ${this.#terms[index - 1]}`,
      );
    }
    this.#sameState(node, index, stateHash);
  }

  /** A node took a snapshot's state as its own. */
  restored(node: NodeId, index: LogIndex, stateHash: number): void {
    if (index > this.#terms.length) {
      throw new PropertyViolation(
        "state machine safety",
        `n${node} installed a snapshot of entry ${index}, which nobody applied`,
      );
    }
    this.#sameState(node, index, stateHash);
  }

  indexOf(client: number, request: number): LogIndex | undefined {
    return this.#requests.get(client * 0x10_0000 + request);
  }

  #sameState(node: NodeId, index: LogIndex, stateHash: number): void {
    if (this.#stateHashes[index - 1] !== stateHash) {
      throw new PropertyViolation(
        "state machine safety",
        `n${node} is in another state than others after entry ${index}`,
      );
    }
  }

  /** Exactly once: a request that stands in the log twice, because its client sent it twice, changes the state once. */
  #note(index: LogIndex, payload: Uint8Array, stateHash: number): void {
    const name = clientOf(payload) * 0x10_0000 + requestOf(payload);
    const before = this.#requests.get(name);
    if (before === undefined) {
      this.#requests.set(name, index);
    } else if (stateHash !== this.#stateHashes[index - 2]) {
      const request = `request ${requestOf(payload)} of client ${clientOf(payload)}`;
      throw new PropertyViolation(
        "exactly once",
        `${request} took effect at entry ${before} and again at entry ${index}`,
      );
    }
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
