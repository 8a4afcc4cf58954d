import { Random } from "@synod/protocols/random";
import type {
  Bytes,
  Compare,
  KvOperation,
  LeaseOperation,
  Operation,
  Range,
  Revision,
  Txn,
  UnaryOperation,
  Watch,
  Watcher,
} from "./operation.ts";

/**
 * Each family has at most twelve keys: so far etcd's sort keeps equal elements in their order (Go's pdqsort inserts up to
 * twelve), and results are comparable. Beyond that their order is chance.
 */
const FAMILIES = ["a/", "b/", "c"] as const;
const KEYS: readonly Bytes[] = [
  ...FAMILIES.flatMap((family) => ["", "0", "1", "2", "3", "4", "5", "\0", "\xff"].map((rest) => family + rest)),
  "\0",
  "\xff",
  "\xff\xff",
];
const LEASES = [1, 2, 3, 4, 5, 6, 7, 8, 0x7f_ff_ff_ff_ff_ff] as const;
const VALUES = ["", "1", "2", "10", "\0", "\xff\xfe", "a longer value, of some forty characters."] as const;
const PERCENT = 10_000;

/** An endless stream of operations, decided by the seed alone. */
export class Generator {
  readonly #random: Random;

  constructor(seed: string) {
    this.#random = new Random(seed).split("differential");
  }

  next(): Operation {
    const draw = this.#random.below(1000);
    if (draw < 12) return this.#watch();
    return this.#unary();
  }

  #unary(): UnaryOperation {
    const draw = this.#random.below(1000);
    if (draw < 260) return this.#put();
    if (draw < 460) return this.#range();
    if (draw < 560) return this.#delete();
    if (draw < 860) return this.#txn(0);
    if (draw < 970) return this.#lease();
    if (draw < 985) return this.#hash();
    // Without `physical`, etcd's hash of a store without keys depends on how much it has removed already.
    return { type: "compact", revision: this.#revision(), physical: true };
  }

  #hash(): UnaryOperation {
    return { type: "hash", ...(this.#chance(60) && { revision: this.#revision() }) };
  }

  #put(): KvOperation {
    const random = this.#random;
    const ignoresValue = this.#chance(8);
    const ignoresLease = this.#chance(8);
    return {
      type: "put",
      key: this.#chance(1) ? "" : random.pick(KEYS),
      ...((!ignoresValue || this.#chance(10)) && { value: this.#value() }),
      ...(this.#chance(ignoresLease ? 10 : 20) && { lease: this.#leaseId() }),
      ...(ignoresValue && { ignoreValue: true }),
      ...(ignoresLease && { ignoreLease: true }),
      ...this.#flags(["prevKv"], 20),
    };
  }

  #value(): Bytes {
    return this.#chance(70) ? `v${this.#random.below(1000)}` : this.#random.pick(VALUES);
  }

  #delete(): KvOperation {
    return { type: "delete", ...(this.#chance(70) ? this.#narrow() : this.#span()), ...this.#flags(["prevKv"], 30) };
  }

  #range(): Range {
    const random = this.#random;
    const sorted = this.#chance(40);
    const bySomethingElse = sorted && this.#chance(70);
    return {
      type: "range",
      ...(bySomethingElse ? this.#family() : this.#span()),
      ...(sorted && { order: this.#chance(3) ? 3 : random.below(3) }),
      ...(sorted && { target: bySomethingElse ? (this.#chance(3) ? 5 : random.between(1, 4)) : 0 }),
      ...(this.#chance(30) && { limit: this.#chance(4) ? -1 : random.below(8) }),
      ...(this.#chance(30) && { revision: this.#revision() }),
      ...this.#flags(["serializable", "keysOnly", "countOnly"], 12),
      ...this.#bounds(),
    };
  }

  #bounds(): Partial<Range> {
    return {
      ...(this.#chance(8) && { minMod: this.#revision() }),
      ...(this.#chance(8) && { maxMod: this.#revision() }),
      ...(this.#chance(8) && { minCreate: this.#revision() }),
      ...(this.#chance(8) && { maxCreate: this.#revision() }),
    };
  }

  #txn(depth: number): Txn {
    const branch = (): KvOperation[] => this.#many(this.#chance(1) ? 132 : 6, () => this.#inTxn(depth));
    return { type: "txn", compare: this.#many(4, () => this.#compare()), success: branch(), failure: branch() };
  }

  #inTxn(depth: number): KvOperation {
    const draw = this.#random.below(100);
    if (draw < 50) return this.#put();
    if (draw < 70) return this.#range();
    if (draw < 85 || depth === 3) return { type: "delete", ...this.#narrow(), ...this.#flags(["prevKv"], 30) };
    return this.#txn(depth + 1);
  }

  #compare(): Compare {
    const random = this.#random;
    const target = this.#chance(2) ? 5 : random.below(5);
    const asked = this.#chance(4) ? random.below(5) : target;
    return {
      result: this.#chance(2) ? 4 : random.below(4),
      target,
      ...(this.#chance(70) ? { key: random.pick(KEYS) } : this.#span()),
      ...(asked === 0 && { version: random.between(0, 3) }),
      ...(asked === 1 && { create: this.#revision() }),
      ...(asked === 2 && { mod: this.#revision() }),
      ...(asked === 3 && { value: this.#value() }),
      ...(asked === 4 && { lease: this.#chance(50) ? 0 : this.#leaseId() }),
    };
  }

  #lease(): LeaseOperation {
    const id = this.#leaseId();
    const draw = this.#random.below(100);
    if (draw < 35) return { type: "grant", id, ttl: this.#ttl() };
    if (draw < 50) return { type: "revoke", id };
    if (draw < 70) return { type: "keepAlive", id };
    if (draw < 90) return { type: "timeToLive", id, ...this.#flags(["keys"], 70) };
    return { type: "leases" };
  }

  /** Long enough that none ends during a run, by the clock of one side or the other. */
  #ttl(): number {
    return this.#chance(4) ? 9_000_000_001 : this.#random.between(20_000, 900_000);
  }

  #leaseId(): number {
    return this.#random.pick(LEASES);
  }

  #watch(): Watch {
    return {
      type: "watch",
      watchers: this.#many(3, () => this.#watcher(), 1),
      meanwhile: this.#many(12, () => this.#unary()).filter(({ type }) => type !== "compact"),
      ...this.#flags(["progress"], 50),
    };
  }

  #watcher(): Watcher {
    const random = this.#random;
    const now = this.#chance(40);
    return {
      ...this.#span(),
      ...(!now && { start: this.#chance(15) ? { fromNewest: random.between(1, 9) } : this.#revision() }),
      // A watcher of the past may be canceled at once, and then its id is free: sooner here than there.
      ...(now && this.#chance(25) && { id: random.between(1, 3) }),
      ...(this.#chance(30) && { filters: this.#many(2, () => random.below(2), 1) }),
      ...this.#flags(["prevKv", "fragment", "progressNotify"], 40),
    };
  }

  /** Mostly recent ones, some of the future, some of nobody. */
  #revision(): Revision {
    const draw = this.#random.below(100);
    if (draw < 3) return { exactly: this.#random.between(-1, 2) };
    if (draw < 8) return { fromNewest: this.#random.between(1, 5) };
    if (draw < 25) return { fromNewest: 0 };
    return { fromNewest: -this.#random.below(this.#chance(20) ? 400 : 40) };
  }

  /** Any range there is: one key, a family, between two keys (in whichever order), from a key on, everything. */
  #span(): { key: Bytes; end?: Bytes } {
    const random = this.#random;
    const draw = random.below(100);
    if (draw < 40) return { key: random.pick(KEYS) };
    if (draw < 65) return this.#family();
    if (draw < 85) return { key: random.pick(KEYS), end: random.pick(KEYS) };
    if (draw < 92) return { key: random.pick(KEYS), end: "\0" };
    if (draw < 99) return { key: "\0", end: "\0" };
    return { key: "", end: "\0" };
  }

  #family(): { key: Bytes; end: Bytes } {
    const family = this.#random.pick(FAMILIES);
    return { key: family, end: family.slice(0, -1) + String.fromCharCode(family.charCodeAt(family.length - 1) + 1) };
  }

  /** One key, or few. */
  #narrow(): { key: Bytes; end?: Bytes } {
    const random = this.#random;
    if (this.#chance(80)) return { key: random.pick(KEYS) };
    const family = random.pick(FAMILIES);
    return { key: `${family}1`, end: `${family}${random.between(2, 5)}` };
  }

  #many<Item>(most: number, make: () => Item, least = 0): Item[] {
    return Array.from({ length: this.#random.between(least, most) }, make);
  }

  #flags<Name extends string>(names: readonly Name[], percent: number): Partial<Record<Name, true>> {
    const flags: Partial<Record<Name, true>> = {};
    for (const name of names) if (this.#chance(percent)) flags[name] = true;
    return flags;
  }

  #chance(percent: number): boolean {
    return this.#random.chance(percent * PERCENT);
  }
}
