import type { StoreResult } from "../state-machine.ts";
import type { StoreConnection } from "./connection.ts";

/** What applying a command of a call has given. */
export type Applied = Exclude<StoreResult, { type: "refused" }>;

/** Everybody; or every user, where what it may do depends on the request and is checked where it is done. */
export type MethodAccess = "open" | "user";

/**
 * One method of the store's API: everything that the server knows about it. The functions may throw StoreError or
 * ProtobufError: the call fails with it.
 */
export interface StoreMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** The client may send any number of messages; without it the request is exactly one. */
  readonly clientStreaming?: boolean;
  /** The answer may be any number of messages; they always may where requests may. */
  readonly serverStreaming?: boolean;
  /** A learner serves it too, from its own state. */
  readonly onLearner?: boolean;
  /** Who may call it while authentication is on; absent: root only. */
  readonly access?: MethodAccess;
  /** Takes one message: answers it at once, or proposes it, or asks for a linearizable read. */
  handle(connection: StoreConnection, stream: number, message: Uint8Array): void;
  /** After `connection.readLinearizable`: this node's state holds everything acknowledged before the call came. */
  readable?(connection: StoreConnection, stream: number, message: Uint8Array): void;
  /** After `connection.ask`: the leader's answer, a view that is valid until this returns. */
  answered?(connection: StoreConnection, stream: number, message: Uint8Array, answer: Uint8Array): void;
  /** After `connection.propose`, in place of `answer`; also of a refusal. */
  applied?(connection: StoreConnection, stream: number, result: StoreResult): void;
}
