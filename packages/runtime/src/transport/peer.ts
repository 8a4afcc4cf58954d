import type { NodeId } from "@synod/protocols/protocol";
import type { LinkFault } from "../faults.ts";
import type { Connection } from "./connection.ts";
import type { Address } from "./sockets.ts";

/** Running totals since the peer was added; never reset by a reconnect. */
export interface PeerStats {
  connected: boolean;
  /** The other process's incarnation; 0 before the first hello. */
  incarnation: number;
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
  /** Frames refused because the queue was full, and because there was no connection. */
  overflowed: number;
  unreachable: number;
  /** Times a connection came up, and went down. */
  connects: number;
  disconnects: number;
  /** Seconds, smoothed; 0 before the first ping came back. */
  roundTripTime: number;
}

/** What this node keeps about one peer. */
export class Peer {
  readonly node: NodeId;
  /** Undefined: a stranger, of whom nothing is known but that it called. */
  address: Address | undefined;
  /** The one over which frames pass. */
  connection: Connection | undefined;
  /** The attempt under way. */
  dialing: Connection | undefined;
  retry: NodeJS.Timeout | undefined;
  /** Attempts since the last connection that held. */
  attempts = 0;
  fault: LinkFault | undefined;
  /** What was last logged about not reaching it: said again only when it changes. */
  problem = "";
  readonly stats: PeerStats = {
    connected: false,
    incarnation: 0,
    framesSent: 0,
    bytesSent: 0,
    framesReceived: 0,
    bytesReceived: 0,
    overflowed: 0,
    unreachable: 0,
    connects: 0,
    disconnects: 0,
    roundTripTime: 0,
  };

  constructor(node: NodeId, address: Address | undefined) {
    this.node = node;
    this.address = address;
  }
}
