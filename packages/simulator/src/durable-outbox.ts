import type { NodeId } from "@synod/protocols/protocol";

/** Messages that wait for the disk: each leaves when everything written before it is durable. */
export class DurableOutbox<Message> {
  #to: NodeId[] = [];
  #messages: Message[] = [];
  #positions: number[] = [];

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
    if (ready === 0) return;
    const to = this.#to.splice(0, ready);
    const messages = this.#messages.splice(0, ready);
    this.#positions.splice(0, ready);
    for (let i = 0; i < ready; i++) leave(to[i]!, messages[i]!);
  }

  clear(): void {
    this.#to = [];
    this.#messages = [];
    this.#positions = [];
  }
}
