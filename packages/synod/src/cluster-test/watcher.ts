import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "@synod/checkers/history";
import { type Change, EtcdApi, type WatchBatch } from "./etcd-api.ts";

/**
 * A client that wants to miss nothing: it watches a prefix through one node, and when the stream ends it goes on through
 * the next node from the revision after the last one that it saw.
 */
export class Watcher {
  readonly #addresses: readonly string[];
  readonly #prefix: string;
  readonly #changes: Change[] = [];
  readonly #problems: string[] = [];
  #api: EtcdApi | undefined;
  #at: number;
  #stopped = false;
  /** How often it had to begin anew. */
  resumptions = 0;

  /** @param at the index of the node to begin with. */
  constructor(addresses: readonly string[], at: number, prefix: string) {
    this.#addresses = addresses;
    this.#at = at;
    this.#prefix = prefix;
    this.#begin();
  }

  get lastRevision(): number {
    return this.#changes.at(-1)?.revision ?? 0;
  }

  /** Waits until it has seen `revision`, ends, and hands out all it saw. @throws for what no watch may ever send. */
  async finish(revision: number, withinMs = 10_000): Promise<readonly Change[]> {
    const deadline = performance.now() + withinMs;
    while (this.lastRevision < revision && performance.now() < deadline) await sleep(10);
    this.stop();
    assert.deepEqual(this.#problems, []);
    assert.ok(this.lastRevision >= revision, `a watch saw nothing after revision ${this.lastRevision} of ${revision}`);
    return this.#changes;
  }

  stop(): void {
    this.#stopped = true;
    this.#api?.close();
  }

  #begin(): void {
    const api = new EtcdApi(this.#addresses[this.#at % this.#addresses.length]!, 1000);
    this.#api = api;
    const ended = (): void => {
      api.close();
      if (this.#stopped) return;
      this.resumptions += 1;
      this.#at += 1;
      setTimeout(() => {
        if (!this.#stopped) this.#begin();
      }, 20);
    };
    api.watch(this.#prefix, this.lastRevision + 1, (batch) => this.#take(batch), ended);
  }

  /** Ordered, and atomic: a revision is never split over two responses. */
  #take({ storeRevision, changes }: WatchBatch): void {
    const first = changes[0]?.revision ?? 0;
    if (first <= this.lastRevision) this.#problems.push(`revision ${first} came after revision ${this.lastRevision}`);
    for (const [index, change] of changes.entries()) {
      const before = changes[index - 1]?.revision ?? first;
      if (change.revision < before) this.#problems.push(`revision ${change.revision} came after revision ${before}`);
    }
    const last = changes.at(-1)?.revision ?? 0;
    if (storeRevision < last) this.#problems.push(`a response of revision ${storeRevision} told of revision ${last}`);
    this.#changes.push(...changes);
  }
}

/** Every acknowledged write was seen, as it was acknowledged (a `Workload`'s history). */
export function assertSeen(history: History, changes: readonly Change[]): void {
  const seen = new Map(changes.map((change) => [change.revision, change]));
  for (const { f, key, input, output, outcome } of history) {
    if (outcome !== "ok" || f === "get") continue;
    const { revision, done } = output as { revision: number; done?: boolean };
    if (revision === 0 || done === false) continue;
    const value = f === "delete" ? null : f === "cas" ? (input as { to: string }).to : (input as string);
    assert.deepEqual(
      seen.get(revision),
      { key, value, revision },
      "an acknowledged write was watched otherwise, or not at all",
    );
  }
}
