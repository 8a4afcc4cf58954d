import type { SynodError } from "./errors.ts";
import type { LeaseState } from "./messages/lease.ts";
import type { Transport } from "./transport.ts";

/** @param asked milliseconds of `performance.now` from before the request was sent */
export function leaseOf(transport: Transport, granted: LeaseState, asked: number): Lease {
  return new Lease(transport, granted.id, granted.ttl, asked);
}

/**
 * Keys put with a lease live as long as it does. `keepAlive` renews it until `stop` or `revoke`; `lost` tells when it may
 * have run out: from then on, whatever the lease protected belongs to somebody else.
 */
export class Lease {
  readonly id: bigint;
  /** Seconds, as granted: perhaps more than was asked for. */
  readonly ttl: number;
  /** Resolves with the reason when the lease is gone, or may be because no renewal came through in time. */
  readonly lost: Promise<string>;
  readonly #transport: Transport;
  #lose: (reason: string) => void = () => {};
  /** Milliseconds of `performance.now`: counted from before the request was sent, so never later than at the server. */
  #expires: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #failure = "";
  #stopped = false;

  constructor(transport: Transport, id: bigint, ttl: number, asked: number) {
    this.#transport = transport;
    this.id = id;
    this.ttl = ttl;
    this.#expires = asked + ttl * 1000;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  /** Seconds that the lease certainly has left. */
  get remaining(): number {
    return Math.max(0, (this.#expires - performance.now()) / 1000);
  }

  /** Renews it now. @returns false when the lease is gone. @throws SynodError */
  renew(): Promise<boolean> {
    return this.#renew(undefined);
  }

  async #renew(timeout: number | undefined): Promise<boolean> {
    const asked = performance.now();
    const terms = { what: `keep lease ${this.id} alive`, readOnly: true, ...(timeout !== undefined && { timeout }) };
    const { ttl } = await this.#transport.call("leaseKeepAlive", this.id, terms);
    if (ttl > 0) this.#expires = Math.max(this.#expires, asked + ttl * 1000);
    else this.#giveUp("the lease has expired or was revoked");
    return ttl > 0;
  }

  /** Renews it three times within its time to live, from now on. */
  keepAlive(): this {
    if (this.#stopped || this.#timer !== undefined) return this;
    this.#timer = setTimeout(() => void this.#tick(), (this.ttl * 1000) / 3);
    this.#watchDeadline();
    return this;
  }

  /** Stops renewing; the lease runs out by itself. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#timer = undefined;
  }

  /** Ends the lease now, and its keys with it. @throws SynodError */
  async revoke(): Promise<void> {
    this.stop();
    await this.#transport.call("leaseRevoke", this.id, { what: `revoke lease ${this.id}`, readOnly: false });
  }

  async #tick(): Promise<void> {
    try {
      // A renewal that hangs must leave time for another.
      await this.#renew(Math.max(100, (this.ttl * 1000) / 3));
    } catch (error) {
      if (this.#transport.pool.closed) return this.stop();
      this.#failure = ` (${(error as SynodError).message})`;
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(
      () => void this.#tick(),
      Math.min((this.ttl * 1000) / 3, Math.max(50, this.remaining * 500)),
    );
  }

  /** The end comes when it comes, whatever a renewal under way still waits for. */
  #watchDeadline(): void {
    const left = this.remaining * 1000;
    if (left === 0) return this.#giveUp(`no renewal came through in time${this.#failure}`);
    this.#deadline = setTimeout(() => this.#watchDeadline(), Math.max(1, Math.ceil(left)));
  }

  #giveUp(reason: string): void {
    this.stop();
    this.#lose(reason);
  }
}
