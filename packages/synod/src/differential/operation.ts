/** What is asked of both stores, as data: it can be printed, cut smaller, and kept as a test. */

/** Bytes, one per character (latin1). */
export type Bytes = string;

/** Counted from the newest revision that the side has told of, so that a list of operations means something after a cut, too. */
export type Revision = { readonly fromNewest: number } | { readonly exactly: number };

export interface Range {
  readonly type: "range";
  readonly key: Bytes;
  readonly end?: Bytes;
  readonly limit?: number;
  readonly revision?: Revision;
  readonly order?: number;
  readonly target?: number;
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minMod?: Revision;
  readonly maxMod?: Revision;
  readonly minCreate?: Revision;
  readonly maxCreate?: Revision;
}

export interface Put {
  readonly type: "put";
  readonly key: Bytes;
  readonly value?: Bytes;
  readonly lease?: number;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface DeleteRange {
  readonly type: "delete";
  readonly key: Bytes;
  readonly end?: Bytes;
  readonly prevKv?: boolean;
}

/** Exactly one of the operands, or none. */
export interface Compare {
  readonly result: number;
  readonly target: number;
  readonly key: Bytes;
  readonly end?: Bytes;
  readonly version?: number;
  readonly create?: Revision;
  readonly mod?: Revision;
  readonly value?: Bytes;
  readonly lease?: number;
}

export interface Txn {
  readonly type: "txn";
  readonly compare: readonly Compare[];
  readonly success: readonly KvOperation[];
  readonly failure: readonly KvOperation[];
}

export type KvOperation = Range | Put | DeleteRange | Txn;

export type LeaseOperation =
  | { readonly type: "grant"; readonly id: number; readonly ttl: number }
  | { readonly type: "revoke"; readonly id: number }
  | { readonly type: "keepAlive"; readonly id: number }
  | { readonly type: "timeToLive"; readonly id: number; readonly keys?: boolean }
  | { readonly type: "leases" };

export type UnaryOperation =
  | KvOperation
  | LeaseOperation
  | { readonly type: "compact"; readonly revision: Revision; readonly physical?: boolean }
  | { readonly type: "hash"; readonly revision?: Revision };

export interface Watcher {
  readonly key: Bytes;
  readonly end?: Bytes;
  readonly start?: Revision;
  /** 0 NOPUT, 1 NODELETE. */
  readonly filters?: readonly number[];
  readonly prevKv?: boolean;
  readonly fragment?: boolean;
  readonly progressNotify?: boolean;
  readonly id?: number;
}

/**
 * Watchers on one stream; what is done meanwhile; then a put and a deletion for each, which it must be told of: up to there
 * its events are compared.
 */
export interface Watch {
  readonly type: "watch";
  readonly watchers: readonly Watcher[];
  readonly meanwhile: readonly UnaryOperation[];
  /** Asked for once all events have come. */
  readonly progress?: boolean;
}

export type Operation = UnaryOperation | Watch;
