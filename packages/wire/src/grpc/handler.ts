import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "../http2/server-connection.ts";
import type { GrpcServerConnection } from "./server-connection.ts";

/** What serves the calls of a connection. It may answer at once or later; `stream` names the call on its connection. */
export interface GrpcHandler {
  /**
   * One whole message. `message` is a view of received bytes that nobody writes to again; keeping it keeps its chunk.
   * `last`: the client half-closed with it, and `onHalfClose` will not come. Of a method that is not client-streaming
   * there is exactly one call, with `last` set.
   */
  onMessage(connection: GrpcServerConnection, stream: number, method: number, message: Uint8Array, last: boolean): void;
  /** The client-streaming call has no further message. */
  onHalfClose(connection: GrpcServerConnection, stream: number, method: number): void;
  /** The call is over before it was finished: reset by the client, or its connection died. Nothing can be sent on it. */
  onCancel(connection: GrpcServerConnection, stream: number, method: number): void;
  /** What `send` had queued has left. */
  onStreamWritable?(connection: GrpcServerConnection, stream: number, method: number): void;
}

export interface GrpcLimits {
  http2: Http2Limits;
  /** Largest request message, octets. */
  message: number;
  /** Octets of unfinished requests, and of responses that wait for the client's windows, on one connection. */
  held: number;
  queued: number;
}

export const DEFAULT_GRPC_LIMITS: GrpcLimits = {
  http2: DEFAULT_HTTP2_LIMITS,
  message: 2 << 20,
  held: 64 << 20,
  queued: 64 << 20,
};
