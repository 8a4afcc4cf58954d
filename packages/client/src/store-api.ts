import { type Bytes, type KeyRange, toBytes, toRange, toText } from "./bytes.ts";
import { type Lease, leaseOf } from "./lease.ts";
import type { KeyValue } from "./messages/common.ts";
import type * as kv from "./messages/kv.ts";
import type { LeaseTimeToLive } from "./messages/lease.ts";
import { isReadOnly, type Txn, type TxnResult } from "./messages/txn.ts";
import type { Terms, Transport } from "./transport.ts";
import { TxnBuilder } from "./txn.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/**
 * What the recipes need of a store, over whatever it is reached. Every method answers or throws a `SynodError` whose `code` and
 * `outcome` say whether the request had no effect or an unknown one.
 */
export interface StoreApi {
  /** @returns the key, or undefined when there is none. */
  get(key: Bytes, options?: kv.RangeOptions): Promise<KeyValue | undefined>;
  range(keys: Bytes | KeyRange, options?: kv.RangeOptions): Promise<kv.RangeResult>;
  put(key: Bytes, value: Bytes, options?: kv.PutOptions): Promise<kv.PutResult>;
  delete(keys: Bytes | KeyRange, options?: kv.DeleteOptions): Promise<kv.DeleteResult>;
  /** `await store.txn().when(compare.version("a", "=", 0)).do(op.put("a", "1")).commit()` */
  txn(): TxnBuilder;
  commit(txn: Txn, options?: kv.RequestOptions): Promise<TxnResult>;
  watch(keys: Bytes | KeyRange, options?: WatchOptions): Watch;
  /** @param ttl whole seconds. @param id 0n: the server chooses */
  grantLease(ttl: number, id?: bigint, options?: kv.RequestOptions): Promise<Lease>;
  revokeLease(id: bigint, options?: kv.RequestOptions): Promise<void>;
}

/** A store over any transport; close it when done. */
export class Store implements StoreApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get(key: Bytes, options: kv.RangeOptions = {}): Promise<KeyValue | undefined> {
    return (await this.range(key, { ...options, limit: 1 })).kvs[0];
  }

  range(keys: Bytes | KeyRange, options: kv.RangeOptions = {}): Promise<kv.RangeResult> {
    const range = toRange(keys);
    return this.#transport.call("range", { range, options }, terms(`get ${name(range)}`, true, options));
  }

  put(key: Bytes, value: Bytes, options: kv.PutOptions = {}): Promise<kv.PutResult> {
    const request = { key: toBytes(key), value: toBytes(value), options };
    const what = `put ${JSON.stringify(toText(request.key))}`;
    return this.#transport.call("put", request, terms(what, false, options));
  }

  delete(keys: Bytes | KeyRange, options: kv.DeleteOptions = {}): Promise<kv.DeleteResult> {
    const range = toRange(keys);
    return this.#transport.call("delete", { range, options }, terms(`delete ${name(range)}`, false, options));
  }

  txn(): TxnBuilder {
    return new TxnBuilder((txn, options) => this.commit(txn, options));
  }

  commit(txn: Txn, options: kv.RequestOptions = {}): Promise<TxnResult> {
    return this.#transport.call("txn", txn, terms("transaction", isReadOnly(txn), options));
  }

  /** Forgets every version older than the newest at `revision`. @param physical answer when they are gone from disk, too */
  async compact(revision: number, physical = false): Promise<void> {
    const what = terms(`compact at ${revision}`, false, {});
    await this.#transport.call("compact", { revision, physical }, what);
  }

  watch(keys: Bytes | KeyRange, options: WatchOptions = {}): Watch {
    return new Watch(this.#transport, toRange(keys), options);
  }

  async grantLease(ttl: number, id = 0n, options: kv.RequestOptions = {}): Promise<Lease> {
    const asked = performance.now();
    const what = terms(`grant a lease of ${ttl} s`, false, options);
    return leaseOf(this.#transport, await this.#transport.call("leaseGrant", { ttl, id }, what), asked);
  }

  async revokeLease(id: bigint, options: kv.RequestOptions = {}): Promise<void> {
    await this.#transport.call("leaseRevoke", id, terms(`revoke lease ${id}`, false, options));
  }

  /** @param keys also list the keys that live with it. The answer's `ttl` is -1 when there is no such lease. */
  leaseTimeToLive(id: bigint, keys = false): Promise<LeaseTimeToLive> {
    return this.#transport.call("leaseTimeToLive", { id, keys }, terms(`time to live of lease ${id}`, true, {}));
  }

  leases(): Promise<bigint[]> {
    return this.#transport.call("leases", undefined, terms("list leases", true, {}));
  }

  close(): void {
    this.#transport.pool.close();
  }
}

function terms(what: string, readOnly: boolean, { signal }: kv.RequestOptions): Terms {
  return { what, readOnly, signal };
}

function name(range: KeyRange): string {
  const from = JSON.stringify(toText(range.key));
  return range.rangeEnd.length === 0 ? from : `${from} to ${JSON.stringify(toText(range.rangeEnd))}`;
}
