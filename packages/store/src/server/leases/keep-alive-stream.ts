import { encodeLeaseTtl } from "../../api/lease.ts";
import type { StoreResult } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";

/** Renewals under way on one stream; a client that sends on without waiting gets no further. */
const MOST_WAITING = 1024;

type Renewed = Extract<StoreResult, { type: "leaseKeepAlive" }>;

/** One call of LeaseKeepAlive: a response for each request, in order. */
export class KeepAliveStream {
  readonly type = "keepAlive";
  readonly requiresLeader: boolean;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  #waiting = 0;
  #halfClosed = false;

  constructor(connection: StoreConnection, stream: number, requiresLeader: boolean) {
    this.#connection = connection;
    this.#stream = stream;
    this.requiresLeader = requiresLeader;
  }

  /** Another renewal is about to be proposed. @returns false: too many are under way, and the call has been ended. */
  admit(): boolean {
    if (this.#waiting >= MOST_WAITING) {
      this.#connection.refuse(this.#stream, "tooManyRequests");
      return false;
    }
    this.#waiting++;
    return true;
  }

  /** TTL 0: there is no such lease (any more). That is an answer, not an error. */
  onRenewed({ revision, id, ttl }: Renewed): void {
    const { grpc, service } = this.#connection;
    const writer = grpc.begin(this.#stream);
    service.header.write(writer, revision);
    encodeLeaseTtl(writer, id, ttl);
    grpc.endMessage();
    this.#waiting--;
    this.#endIfDone();
  }

  onHalfClose(): void {
    this.#halfClosed = true;
    this.#endIfDone();
  }

  onWritable(): void {}

  close(): void {}

  #endIfDone(): void {
    if (this.#halfClosed && this.#waiting === 0) this.#connection.finish(this.#stream, 0, "");
  }
}
