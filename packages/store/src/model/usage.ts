import type { KeyValue } from "./key-value.ts";
import type { KeyObserver, Keyspace } from "./keyspace.ts";
import type { PrefixQuotas } from "./prefix-quotas.ts";
import type { PrefixStats } from "./prefix-stats.ts";

/** Whoever counts what there is, in one. */
export class Usage implements KeyObserver {
  /** undefined: nobody wants to know. */
  readonly stats: PrefixStats | undefined;
  readonly quotas: PrefixQuotas;

  constructor(stats: PrefixStats | undefined, quotas: PrefixQuotas) {
    this.stats = stats;
    this.quotas = quotas;
  }

  changed(record: KeyValue, was: KeyValue | undefined): void {
    this.stats?.changed(record, was);
    if (this.quotas.active) this.quotas.changed(record, was);
  }

  /** It is all of this keyspace that counts from now on. The statistics know it already. */
  attach(keyspace: Keyspace): void {
    this.stats?.forgetWrites();
    this.quotas.watch(keyspace);
    keyspace.observer = this;
  }
}
