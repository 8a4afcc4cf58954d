import type { NodeId } from "@synod/protocols/protocol";
import { ControlKind } from "./frame.ts";
import type { Peer } from "./peer.ts";

export interface HeartbeatOptions {
  /** Milliseconds between pings. */
  readonly pingInterval: number;
  /** Milliseconds of silence after which a connection is given up. */
  readonly deadAfter: number;
}

/** Finds the connections that are open on one side only, and measures round trips. One timer for all peers. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #peers: readonly (Peer | undefined)[];
  readonly #timer: NodeJS.Timeout;
  #lastTick: number = performance.now();

  constructor(options: HeartbeatOptions, peers: readonly (Peer | undefined)[]) {
    this.#options = options;
    this.#peers = peers;
    this.#timer = setInterval(() => this.#tick(), options.pingInterval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    // This process itself was stopped or starved: the others' bytes may lie unread in the sockets. Do not blame them.
    const wasPaused = now - this.#lastTick > 2 * this.#options.pingInterval;
    this.#lastTick = now;
    const body = new Uint8Array(8);
    new DataView(body.buffer).setFloat64(0, now);
    for (const peer of this.#peers) {
      const connection = peer?.connection;
      if (connection === undefined) continue;
      if (wasPaused) connection.lastHeard = now;
      const silence = now - connection.lastHeard;
      if (silence > this.#options.deadAfter) connection.close(`silent for ${(silence / 1000).toFixed(1)} s`);
      else connection.sendControl(ControlKind.ping, body);
    }
  }
}

/** Takes a ping's answer, which carries the ping's own body. */
export function recordPong(
  peer: Peer,
  body: Uint8Array,
  told: ((node: NodeId, seconds: number) => void) | undefined,
): void {
  if (body.length !== 8) return;
  const sent = new DataView(body.buffer, body.byteOffset, 8).getFloat64(0);
  const seconds = (performance.now() - sent) / 1000;
  if (!(seconds >= 0 && seconds < 3600)) return;
  const smoothed = peer.stats.roundTripTime;
  peer.stats.roundTripTime = smoothed === 0 ? seconds : smoothed * 0.8 + seconds * 0.2;
  told?.(peer.node, seconds);
}
