import type { Channel } from "./channel.ts";
import type { SynodError } from "./errors.ts";
import { decodeLease, encodeLeaseGrant, encodeLeaseId } from "./messages/lease.ts";

/** @param ttl whole seconds. @param id 0n: the server chooses. @throws SynodError */
export async function grantLease(channel: Channel, ttl: number, id: bigint): Promise<Lease> {
  const request = encodeLeaseGrant(ttl, id);
  const what = `grant a lease of ${ttl} s`;
  const asked = performance.now();
  const bytes = await channel.call({ path: "/etcdserverpb.Lease/LeaseGrant", request, readOnly: false, what });
  const granted = decodeLease(bytes);
  return new Lease(channel, granted.id, granted.ttl, asked);
}

/** @throws SynodError "leaseNotFound" */
export async function revokeLease(channel: Channel, id: bigint): Promise<void> {
  const what = `revoke lease ${id}`;
  await channel.call({ path: "/etcdserverpb.Lease/LeaseRevoke", request: encodeLeaseId(id), readOnly: false, what });
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
  readonly #channel: Channel;
  #lose: (reason: string) => void = () => {};
  /** Milliseconds of `performance.now`: counted from before the request was sent, so never later than at the server. */
  #expires: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(channel: Channel, id: bigint, ttl: number, asked: number) {
    this.#channel = channel;
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
  async renew(): Promise<boolean> {
    const asked = performance.now();
    const request = encodeLeaseId(this.id);
    const what = `keep lease ${this.id} alive`;
    // A stream of renewals, of which this is the first and the last.
    const bytes = await this.#channel.call({
      path: "/etcdserverpb.Lease/LeaseKeepAlive",
      request,
      readOnly: true,
      what,
    });
    const { ttl } = decodeLease(bytes);
    if (ttl > 0) this.#expires = asked + ttl * 1000;
    else this.#giveUp("the lease has expired or was revoked");
    return ttl > 0;
  }

  /** Renews it three times within its time to live, from now on. */
  keepAlive(): this {
    if (!this.#stopped) this.#timer ??= setTimeout(() => void this.#tick(), (this.ttl * 1000) / 3);
    return this;
  }

  /** Stops renewing; the lease runs out by itself. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Ends the lease now, and its keys with it. @throws SynodError */
  async revoke(): Promise<void> {
    this.stop();
    await revokeLease(this.#channel, this.id);
  }

  async #tick(): Promise<void> {
    try {
      await this.renew();
    } catch (error) {
      if (this.#channel.closed) return this.stop();
      if (this.remaining === 0) this.#giveUp(`no renewal came through in time (${(error as SynodError).message})`);
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(
      () => void this.#tick(),
      Math.min((this.ttl * 1000) / 3, Math.max(50, this.remaining * 500)),
    );
  }

  #giveUp(reason: string): void {
    this.stop();
    this.#lose(reason);
  }
}
