import { encodeLeaseGrantRequest, encodeLeaseId } from "../../api/lease.ts";
import type { LeaseId } from "../../model/types.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreService } from "../service.ts";
import type { InNameOf, Step, Steps } from "./session-steps.ts";

/** Seconds: etcd's, of the leases that it makes for calls without one. */
const TTL = 60;
/** Leases that one connection may have made for it. */
const MOST_OF_A_CONNECTION = 10_000;

interface SessionLease {
  readonly connection: StoreConnection;
  readonly caller: InNameOf;
  /** What it was made for has been attached to it: without any key it is of no use any more. */
  isUsed: boolean;
}

/**
 * The leases that were made for calls that brought none. Each is renewed as long as the connection lives that asked for
 * it, revoked when what hung on it is given back, and else left to run out: a client that was cut off has the whole time
 * to live to notice.
 */
export class SessionLeases {
  readonly #service: StoreService;
  readonly #steps: Steps;
  readonly #leases = new Map<LeaseId, SessionLease>();
  readonly #counts = new Map<StoreConnection, number>();

  constructor(service: StoreService, steps: Steps) {
    this.#service = service;
    this.#steps = steps;
    service.beating.add(this);
  }

  get count(): number {
    return this.#leases.size;
  }

  make(connection: StoreConnection, caller: InNameOf, step: Step<LeaseId>): void {
    const count = this.#counts.get(connection) ?? 0;
    if (count >= MOST_OF_A_CONNECTION) return step.refused("tooManyRequests");
    const id = this.#service.newLeaseId();
    this.#leases.set(id, { connection, caller, isUsed: false });
    this.#counts.set(connection, count + 1);
    this.#steps.propose(caller, Opcode.leaseGrant, (writer) => encodeLeaseGrantRequest(writer, { ttl: TTL, id }), {
      done: () => step.done(id),
      refused: (code) => {
        this.#forget(id);
        step.refused(code);
      },
    });
  }

  /** A key hangs on it now. */
  used(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) lease.isUsed = true;
  }

  /** What it was made for is over. Nothing happens to leases of other kinds. */
  release(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#forget(id);
    const caller = this.#steps.asOfNow(lease.caller);
    // If it cannot be revoked it runs out.
    this.#steps.propose(caller, Opcode.leaseRevoke, (writer) => encodeLeaseId(writer, id), IGNORED);
  }

  /** The connection is gone. */
  closed(connection: StoreConnection): void {
    if (!this.#counts.delete(connection)) return;
    for (const [id, lease] of this.#leases) if (lease.connection === connection) this.#leases.delete(id);
  }

  /** For the service, every quarter of the time to live. */
  beat(): void {
    const { model } = this.#service;
    for (const [id, { caller, isUsed }] of this.#leases) {
      const isEmpty = model.leaseKeys(id).next().done === true;
      if (isUsed && isEmpty) this.release(id);
      else this.#renew(id, caller);
    }
  }

  #renew(id: LeaseId, caller: InNameOf): void {
    const now = this.#steps.asOfNow(caller);
    this.#steps.propose(now, Opcode.leaseKeepAlive, (writer) => encodeLeaseId(writer, id), {
      done: (result) => {
        if (result.type === "leaseKeepAlive" && result.ttl === 0) this.#forget(id);
      },
      refused: () => {}, // the next beat tries again
    });
  }

  #forget(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    const count = this.#counts.get(lease.connection) ?? 0;
    if (count > 1) this.#counts.set(lease.connection, count - 1);
    else this.#counts.delete(lease.connection);
  }
}

const IGNORED: Step<unknown> = { done: () => {}, refused: () => {} };
