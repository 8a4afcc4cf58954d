import type { NodeId } from "@synod/protocols/protocol";
import type { Logger } from "../log/logger.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { Sockets } from "./sockets.ts";

export interface TransportHandler {
  /** The body's memory stays valid and is never reused; nobody may write into it. */
  onFrame(from: NodeId, group: number, kind: number, body: Uint8Array): void;
  onConnected?(node: NodeId): void;
  onDisconnected?(node: NodeId): void;
  onRoundTrip?(node: NodeId, seconds: number): void;
  /** Whether this node once was a member and is none for good: it is told so. */
  isRemoved?(node: NodeId): boolean;
  /** Whether to talk to a node that nobody has announced: the cluster may have new members of which this one has not heard. */
  isWelcome?(node: NodeId): boolean;
  /** A peer says that of this node. */
  onRemoved?(): void;
  /** Somebody speaks HTTP instead. @returns undefined: there is nothing at this path */
  onHttpGet?(path: string): HttpAnswer | undefined;
}

export interface TransportOptions {
  readonly self: NodeId;
  /** An unsigned 64-bit number, equal on all nodes of a cluster. */
  readonly clusterId: bigint;
  /** A safe integer that changes with every start of the process. */
  readonly incarnation: number;
  readonly handler: TransportHandler;
  readonly logger: Logger;
  readonly sockets?: Sockets;
  /** Milliseconds between pings, default 500. */
  readonly pingInterval?: number;
  /** Milliseconds of silence after which a connection is given up, default 3,000. */
  readonly deadAfter?: number;
  /** Milliseconds for connecting and the hello, default 1,000. */
  readonly handshakeTimeout?: number;
  /** Bytes that may wait for one peer, default 64 MiB. An empty queue takes one frame of any size. */
  readonly maxQueuedBytes?: number;
  /** Draws jitter and faults; 0 to 1. */
  readonly random?: () => number;
}
