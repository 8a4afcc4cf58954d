import type { NodeId } from "@synod/protocols/protocol";
import type { RaftMessage } from "@synod/protocols/raft/types";

/** Messages that wait for the disk: those of the sync under way, and those that go with the next one. */
export class DurableMessages {
  #collecting: Held[] = [];
  #syncing: Held[] = [];

  add(group: number, to: NodeId, message: RaftMessage): void {
    this.#collecting.push({ group, to, message });
  }

  get isWaiting(): boolean {
    return this.#collecting.length > 0;
  }

  /** A sync begins: it covers everything added so far. */
  syncStarts(): void {
    const empty = this.#syncing;
    this.#syncing = this.#collecting;
    this.#collecting = empty;
  }

  /** The sync has ended: hands out, in order, what it covered. */
  syncEnded(release: (group: number, to: NodeId, message: RaftMessage) => void): void {
    const released = this.#syncing;
    this.#syncing = [];
    for (const { group, to, message } of released) release(group, to, message);
  }
}

interface Held {
  readonly group: number;
  readonly to: NodeId;
  readonly message: RaftMessage;
}
