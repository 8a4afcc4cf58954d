import type { NodeId, Output } from "./protocol.ts";

/** Outputs as data, for whoever watches: tests, traces, the lab. Production and the swarm never build these. */
export type Effect<Message, WalRecord, Outcome> =
  | { type: "persist"; record: WalRecord }
  | { type: "send"; to: NodeId; message: Message }
  | { type: "sendOnceDurable"; to: NodeId; message: Message }
  | { type: "announce"; outcome: Outcome };

/** An Output that keeps what it is told, in order. `take` empties it. */
export class Recorder<Message, WalRecord, Outcome> implements Output<Message, WalRecord, Outcome> {
  effects: Effect<Message, WalRecord, Outcome>[] = [];

  persist(record: WalRecord): void {
    this.effects.push({ type: "persist", record });
  }
  send(to: NodeId, message: Message): void {
    this.effects.push({ type: "send", to, message });
  }
  sendOnceDurable(to: NodeId, message: Message): void {
    this.effects.push({ type: "sendOnceDurable", to, message });
  }
  announce(outcome: Outcome): void {
    this.effects.push({ type: "announce", outcome });
  }

  take(): Effect<Message, WalRecord, Outcome>[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }
}
