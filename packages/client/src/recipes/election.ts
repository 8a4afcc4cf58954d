import { type Bytes, withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { KeyValue } from "../messages/common.ts";
import type { StoreApi } from "../store-api.ts";
import { op } from "../txn.ts";
import { follow } from "./follow.ts";
import { type AcquireOptions, enter, Holding, type Place } from "./holding.ts";
import { isTicket, type Ticket } from "./queue.ts";
import type { Session } from "./session.ts";

/** Who leads: the candidate's key with what it proclaims; its create revision is the leader's fencing token. */
export interface Leader {
  readonly kv: KeyValue;
  readonly token: number;
}

/** A lead that is held: see `Holding` for what protects, and what does not. `release` and `resign` are the same. */
export class Leadership extends Holding {
  /** Tells everybody who observes another value. @throws SynodError "lost": somebody else may lead; "unknown" */
  async proclaim(value: Bytes, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { store, lease } = this.session;
    const put = op.put(this.key, value, { lease: lease.id });
    const step = (): Promise<{ succeeded: boolean }> => store.txn().when(this.guard).do(put).commit();
    const { succeeded } = await this.session.insist(step, options.signal);
    if (!succeeded) throw new SynodError("lost", `${this.session.what}: the lead is lost, nothing was proclaimed`);
  }

  /** Lets the next candidate lead. */
  resign(): Promise<void> {
    return this.release();
  }
}

/**
 * One of several candidates leads, the one that campaigned first; when it resigns or dies, the next.
 *
 * Promises: at any revision of the store at most one candidate leads; `token` rises from leader to leader; observers see leaders
 * in the order in which they led, the last for certain, those in between if they were quick enough. Keys are those of etcd's own
 * election (`<name>/<lease in hex>`), so that `etcdctl elect` and the v3election service take part.
 *
 * Fails like a lock (`Locks`): a leader that was stopped, or cut off for longer than `ttl`, may act as the leader beside its
 * successor until it notices. What it does must be fenced: `guard` in each Txn, `token` with each order to somebody else. For up
 * to `ttl` seconds after a leader's death nobody leads.
 *
 * Limits: one lease and one key for each candidate; a candidate watches the one before it alone.
 */
export class Election {
  readonly #store: StoreApi;
  readonly #place: Place;

  constructor(store: StoreApi, name: string) {
    this.#store = store;
    this.#place = {
      what: `election ${JSON.stringify(name)}`,
      prefix: `${name}/`,
      rule: (ahead) => ahead.at(-1),
    };
  }

  /**
   * Returns once this candidate leads. @param value what observers read, as in the leader's address
   * @throws SynodError "timeout", "aborted", "lost"; then it is no candidate any more
   */
  async campaign(value: Bytes, options: Omit<AcquireOptions, "value"> = {}): Promise<Leadership> {
    const won: { session: Session; ticket: Ticket } = await enter(this.#store, this.#place, { ...options, value });
    return new Leadership(won.session, won.ticket);
  }

  /** @returns undefined when nobody leads. @throws SynodError */
  async leader(options: { readonly signal?: AbortSignal } = {}): Promise<Leader | undefined> {
    const { prefix } = this.#place;
    const eldestFirst = { orderBy: "createRevision", order: "ascending", signal: options.signal } as const;
    const { kvs } = await this.#store.range(withPrefix(prefix), eldestFirst);
    const kv = kvs.find((one) => isTicket(one, prefix));
    return kv && { kv, token: kv.createRevision };
  }

  /**
   * The leader now, then whenever another leads or the leader proclaims another value; undefined: nobody leads.
   * @throws SynodError "aborted"
   */
  async *observe(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Leader | undefined, void, undefined> {
    const { prefix } = this.#place;
    let shown: number | undefined;
    for await (const { keys } of follow(this.#store, withPrefix(prefix), options.signal)) {
      let eldest: KeyValue | undefined;
      for (const kv of keys.values())
        if (isTicket(kv, prefix) && !(eldest && eldest.createRevision < kv.createRevision)) eldest = kv;
      const now = eldest?.modRevision ?? 0;
      if (now === shown) continue;
      shown = now;
      yield eldest && { kv: eldest, token: eldest.createRevision };
    }
  }
}
