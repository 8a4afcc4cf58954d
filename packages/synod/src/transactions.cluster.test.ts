/** Random transactions within transactions mean to Synod what they mean to etcd, down to the text of a refusal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@synod/protocols/random";
import { Cluster } from "./cluster-test/cluster.ts";
import { etcd, synod } from "./cluster-test/programs.ts";

const TRANSACTIONS = Number(process.env.SYNOD_TRANSACTIONS ?? 250);
const KEYS = "abcdef";

type Json = Readonly<Record<string, unknown>>;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Few keys, so that most transactions contradict themselves or see what they have written. */
class Transactions {
  readonly #random: Random;
  #made = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  next(): Json {
    this.#made += 1;
    return this.#pick(40) === 0 ? this.#txn(1, 70) : this.#txn(this.#pick(4), 3);
  }

  #txn(depth: number, width: number): Json {
    const some = (make: () => Json): Json[] => Array.from({ length: this.#pick(width + 1) }, make);
    return {
      compare: some(() => this.#compare()),
      success: some(() => this.#op(depth, width)),
      failure: some(() => this.#op(depth, width)),
    };
  }

  #compare(): Json {
    const target = ["VERSION", "CREATE", "MOD", "VALUE"][this.#pick(4)] as string;
    const field = { VERSION: "version", CREATE: "create_revision", MOD: "mod_revision", VALUE: "value" }[
      target
    ] as string;
    const operand = target === "VALUE" ? base64(String(this.#pick(this.#made))) : String(this.#pick(this.#made + 2));
    const result = ["EQUAL", "GREATER", "LESS", "NOT_EQUAL"][this.#pick(4)];
    return { target, result, ...this.#range(), [field]: operand };
  }

  #op(depth: number, width: number): Json {
    const kind = this.#pick(depth > 0 ? 10 : 7);
    if (kind < 3) return { request_put: { key: this.#key(), value: base64(String(this.#made)), prev_kv: kind === 0 } };
    if (kind === 3) return { request_delete_range: { ...this.#range("z"), prev_kv: true } };
    if (kind === 4) return { request_put: { key: this.#key(), ignore_value: true } };
    if (kind < 7) return { request_range: { ...this.#range(), limit: String(this.#pick(4)), sort_order: "DESCEND" } };
    return { request_txn: this.#txn(depth - 1, width) };
  }

  /** @param end behind all keys: that a deletion up to "\0" covers a put is overlooked by etcd. */
  #range(end = "\0"): Json {
    if (this.#pick(3) > 0) return { key: this.#key() };
    return { key: this.#key(), range_end: this.#pick(3) === 0 ? base64(end) : this.#key() };
  }

  #key(): string {
    return base64(KEYS[this.#pick(KEYS.length)] as string);
  }

  #pick(choices: number): number {
    return this.#random.below(choices);
  }
}

/** Ids and terms are each server's own, details are of newer versions. */
const OWN = new Set(["cluster_id", "member_id", "raft_term", "details"]);

async function answer(address: string, path: string, body: Json): Promise<unknown> {
  const response = await fetch(`http://${address}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  return [response.status, JSON.parse(text, (name, value) => (OWN.has(name) ? undefined : value))];
}

test(`${TRANSACTIONS} random transactions within transactions`, { timeout: 120_000 }, async (t) => {
  const clusters = await Promise.all([Cluster.start(etcd, 1), Cluster.start(synod, 1)]);
  const [theirs, ours] = clusters.map(({ addresses }) => addresses[0] as string) as [string, string];
  const transactions = new Transactions(11);
  const seen = new Map<string, number>();
  try {
    for (let i = 0; i < TRANSACTIONS; i += 1) {
      const request = transactions.next();
      const [wanted, told] = await Promise.all([answer(theirs, "txn", request), answer(ours, "txn", request)]);
      assert.deepEqual(told, wanted, JSON.stringify(request));
      const [status, { error }] = told as [number, { error?: string }];
      seen.set(error ?? String(status), (seen.get(error ?? String(status)) ?? 0) + 1);
    }
    const everything = { key: base64("\0"), range_end: base64("\0") };
    assert.deepEqual(await answer(ours, "range", everything), await answer(theirs, "range", everything));
    t.diagnostic(JSON.stringify(Object.fromEntries(seen)));
    for (const outcome of ["200", "duplicate key given", "too many operations", "key not found"])
      assert.ok(
        [...seen.keys()].some((text) => text.includes(outcome)),
        `none ended with ${outcome}`,
      );
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.destroy()));
  }
});
