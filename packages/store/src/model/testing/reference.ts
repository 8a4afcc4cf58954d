/**
 * The store said naively: one array of everything that was ever written, searched from end to end. What the property
 * tests hold the model against. Keys and values are strings of one character per byte.
 */
export interface Version {
  readonly key: string;
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  /** 0: deleted. */
  readonly version: number;
  readonly lease: number;
}

export interface Span {
  readonly key: string;
  readonly end: string;
}

export type Op =
  | ({ readonly type: "put"; readonly value: string; readonly lease: number; readonly flags: number } & Span)
  | ({ readonly type: "delete" } & Span)
  | ({ readonly type: "range" } & Span)
  | { readonly type: "txn"; readonly txn: Txn };

export interface Txn {
  /** Holds if every key of the span has a version greater than `version` (a missing one has 0). */
  readonly compare: (Span & { readonly version: number }) | undefined;
  readonly success: readonly Op[];
  readonly failure: readonly Op[];
}

const SECOND = 1_000_000;

export interface ReferenceLease {
  /** Seconds. */
  readonly ttl: number;
  /** Microseconds: what leaders may promise without the log, and what the one that leads has promised; undefined: unknown. */
  bound: number;
  until: number | undefined;
}

export class Reference {
  readonly log: Version[] = [];
  readonly leases: Map<number, ReferenceLease> = new Map();
  revision: number = 1;
  compacted: number = -1;

  /** Keys of the span as of a revision, in order. */
  at(span: Span, revision: number): Version[] {
    const latest = new Map<string, Version>();
    for (const version of this.log) {
      if (version.mod <= revision && inSpan(span, version.key)) latest.set(version.key, version);
    }
    return [...latest.values()].filter((version) => version.version > 0).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** As the log is, the revision being made included. */
  now(span: Span): Version[] {
    return this.at(span, this.revision + 1);
  }

  /** @returns an error code, or what each operation answers. */
  apply(ops: readonly Op[], inTxn: boolean): string {
    const error = inTxn ? this.#firstRefusal(ops) : this.#refusal(ops[0]!, false);
    if (error !== undefined) return error;
    const before = this.log.length;
    const answers = this.#run(ops, this.#plan(ops));
    if (this.log.length > before) this.revision += 1;
    return `${answers} @${this.revision}`;
  }

  events(since: number): Version[] {
    return this.log.filter((version) => version.mod >= since);
  }

  grantLease(id: number, seconds: number, time: number): void {
    const ttl = Math.max(2, seconds);
    this.leases.set(id, { ttl, bound: time + ttl * SECOND, until: time + ttl * SECOND });
  }

  /** In the log. @returns the TTL, or 0. */
  renewLease(id: number, time: number): number {
    const lease = this.leases.get(id);
    if (lease === undefined || lease.bound <= time) return 0;
    Object.assign(lease, { bound: time + lease.ttl * 1.5 * SECOND, until: time + lease.ttl * SECOND });
    return lease.ttl;
  }

  /** By the leader alone. @returns as `renewLease`; -1: only the log can. */
  keepLease(id: number, time: number): number {
    const lease = this.leases.get(id);
    if (lease === undefined || endOf(lease) <= time) return 0;
    const until = time + lease.ttl * SECOND;
    if (until > lease.bound) return -1;
    lease.until = until;
    return lease.ttl;
  }

  /** Ids of what has ended, as the leader knows it. */
  endedLeases(time: number): number[] {
    const ended = [...this.leases].filter(([, lease]) => endOf(lease) <= time);
    return ended.sort(([a, x], [b, y]) => endOf(x) - endOf(y) || a - b).map(([id]) => id);
  }

  /** Another leads. */
  forgetEnds(): void {
    for (const lease of this.leases.values()) lease.until = undefined;
  }

  revoke(id: number): void {
    this.leases.delete(id);
    const keys = this.now({ key: "\0", end: "\0" }).filter((version) => version.lease === id);
    for (const { key } of keys) this.#delete(key);
    if (keys.length > 0) this.revision += 1;
  }

  /** Branch taken by each nested transaction: all are decided before anything runs. */
  #plan(ops: readonly Op[]): Map<Txn, boolean> {
    const plan = new Map<Txn, boolean>();
    for (const op of ops) {
      if (op.type !== "txn") continue;
      const { compare } = op.txn;
      const found = compare === undefined ? [] : this.now(compare);
      const versions = found.length > 0 ? found.map((version) => version.version) : [0];
      const holds = compare === undefined || versions.every((version) => version > compare.version);
      plan.set(op.txn, holds);
      for (const [txn, taken] of this.#plan(holds ? op.txn.success : op.txn.failure)) plan.set(txn, taken);
    }
    return plan;
  }

  #refusal(op: Op, inTxn: boolean): string | undefined {
    if (op.type === "put") {
      const leaseless = op.lease !== 0 && !this.leases.has(op.lease) ? "leaseNotFound" : undefined;
      const keyless = op.flags !== 0 && this.now({ key: op.key, end: "" }).length === 0 ? "keyNotFound" : undefined;
      return inTxn ? (keyless ?? leaseless) : (leaseless ?? keyless);
    }
    if (op.type !== "txn") return undefined;
    const taken = this.#plan([op]).get(op.txn) === true ? op.txn.success : op.txn.failure;
    return this.#firstRefusal(taken);
  }

  #firstRefusal(ops: readonly Op[]): string | undefined {
    for (const op of ops) {
      const error = this.#refusal(op, true);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #run(ops: readonly Op[], plan: Map<Txn, boolean>): string {
    return ops.map((op) => this.#one(op, plan)).join("; ");
  }

  #one(op: Op, plan: Map<Txn, boolean>): string {
    switch (op.type) {
      case "range":
        return `range ${this.now(op).map(showVersion).join(", ")}`;
      case "put":
        return `put ${this.#put(op)}`;
      case "delete": {
        const found = this.now(op);
        for (const { key } of found) this.#delete(key);
        return `deleted ${found.map(showVersion).join(", ")}`;
      }
      case "txn": {
        const taken = plan.get(op.txn) === true;
        return `txn ${taken} (${this.#run(taken ? op.txn.success : op.txn.failure, plan)})`;
      }
    }
  }

  #put(op: Op & { type: "put" }): string {
    const before = this.now({ key: op.key, end: "" })[0];
    this.log.push({
      key: op.key,
      value: op.flags & 1 ? before!.value : op.value,
      create: before?.create ?? this.revision + 1,
      mod: this.revision + 1,
      version: (before?.version ?? 0) + 1,
      lease: op.flags & 2 ? before!.lease : op.lease,
    });
    return before === undefined ? "nothing" : showVersion(before);
  }

  #delete(key: string): void {
    this.log.push({ key, value: "", create: 0, mod: this.revision + 1, version: 0, lease: 0 });
  }
}

export function inSpan({ key, end }: Span, candidate: string): boolean {
  if (end === "") return candidate === key;
  return candidate >= key && (end === "\0" || candidate < end);
}

/** As `show` in text.ts. */
export function showVersion({ key, value, create, mod, version, lease }: Version): string {
  if (version === 0) return `${key} deleted @${mod}`;
  return `${key}=${value} @${create}/${mod} v${version}${lease === 0 ? "" : ` lease ${lease}`}`;
}

function endOf({ until, bound }: ReferenceLease): number {
  return until ?? bound;
}
