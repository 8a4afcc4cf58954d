import type { NodeId } from "@synod/protocols/protocol";
import type { DurabilityWatch } from "./engine.ts";

/** Messages that wait for the disk: each leaves when everything written before it is durable. */
export class DurableOutbox<Message> {
  readonly #node: NodeId;
  readonly #durability: DurabilityWatch<Message, never>;
  #to: NodeId[] = [];
  #messages: Message[] = [];
  #positions: number[] = [];

  constructor(node: NodeId, durability: DurabilityWatch<Message, never>) {
    this.#node = node;
    this.#durability = durability;
  }

  /** @param position records written when the message was made. */
  add(to: NodeId, message: Message, position: number): void {
    this.#to.push(to);
    this.#messages.push(message);
    this.#positions.push(position);
  }

  /** Lets go what waits for records up to `durable`, oldest first. */
  release(durable: number, leave: (to: NodeId, message: Message) => void): void {
    let ready = 0;
    while (ready < this.#positions.length && this.#positions[ready]! <= durable) ready++;
    if (ready > 0) {
      const to = this.#to.splice(0, ready);
      const messages = this.#messages.splice(0, ready);
      const positions = this.#positions.splice(0, ready);
      for (let i = 0; i < ready; i++) {
        // Judged by the records that it waited for, not by those that the same sync brought after them.
        this.#durability.durable(this.#node, positions[i]!);
        leave(to[i]!, messages[i]!);
      }
    }
    this.#durability.durable(this.#node, durable);
  }

  clear(): void {
    this.#to = [];
    this.#messages = [];
    this.#positions = [];
  }
}
