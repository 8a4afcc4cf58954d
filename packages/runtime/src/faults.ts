import type { NodeId } from "@synod/protocols/protocol";

export type FaultDirection = "in" | "out" | "both";

/** What is wrong with the link to one peer. Frames vanish or wait as a whole, as datagrams would: streams stay intact. */
export interface LinkFault {
  blockIn: boolean;
  blockOut: boolean;
  /** Of outgoing frames, 0 to 1. */
  dropRate: number;
  /** Of outgoing frames, in milliseconds; their order stays. */
  delayMs: number;
}

/**
 * Breaks a real node's links on purpose: for tests, and for the console's experiments. A link without a fault costs one
 * comparison with undefined.
 */
export class TransportFaults {
  readonly #faults: Map<NodeId, LinkFault> = new Map();
  readonly #changed: (peer: NodeId, fault: LinkFault | undefined) => void;
  readonly #random: () => number;

  /** @param changed told of every change, so that the transport can keep the fault beside the link */
  constructor(changed: (peer: NodeId, fault: LinkFault | undefined) => void, random: () => number = Math.random) {
    this.#changed = changed;
    this.#random = random;
  }

  /** Nothing passes any more in that direction, as seen from this node; connections only notice by the silence. */
  block(peer: NodeId, direction: FaultDirection): void {
    this.#change(peer, (fault) => {
      if (direction !== "out") fault.blockIn = true;
      if (direction !== "in") fault.blockOut = true;
    });
  }

  unblock(peer: NodeId, direction: FaultDirection): void {
    this.#change(peer, (fault) => {
      if (direction !== "out") fault.blockIn = false;
      if (direction !== "in") fault.blockOut = false;
    });
  }

  /** Loses outgoing frames at random. @param rate 0 to 1 */
  drop(peer: NodeId, rate: number): void {
    this.#change(peer, (fault) => {
      fault.dropRate = rate;
    });
  }

  /** Holds outgoing frames back for so many milliseconds. */
  delay(peer: NodeId, milliseconds: number): void {
    this.#change(peer, (fault) => {
      fault.delayMs = milliseconds;
    });
  }

  /** Everything works again, with one peer or with all. Frames held back still leave when they were to. */
  heal(peer?: NodeId): void {
    for (const node of peer === undefined ? [...this.#faults.keys()] : [peer]) {
      if (this.#faults.delete(node)) this.#changed(node, undefined);
    }
  }

  of(peer: NodeId): LinkFault | undefined {
    return this.#faults.get(peer);
  }

  /** Whether an outgoing frame is lost. */
  losesOutgoing(fault: LinkFault): boolean {
    return fault.blockOut || (fault.dropRate > 0 && this.#random() < fault.dropRate);
  }

  #change(peer: NodeId, change: (fault: LinkFault) => void): void {
    const fault = this.#faults.get(peer) ?? { blockIn: false, blockOut: false, dropRate: 0, delayMs: 0 };
    change(fault);
    const wrong = fault.blockIn || fault.blockOut || fault.dropRate > 0 || fault.delayMs > 0;
    if (wrong) this.#faults.set(peer, fault);
    else this.#faults.delete(peer);
    this.#changed(peer, wrong ? fault : undefined);
  }
}
