import { type History, NEVER_RETURNED, type Operation } from "@synod/checkers/history";
import type { Answer, EtcdApi } from "../cluster/etcd-api.ts";

/** How one operation ended, as far as its client can know. */
export type Ended<Output> =
  | { readonly type: "ok"; readonly output: Output }
  | { readonly type: "fail"; readonly reason: string }
  | { readonly type: "unknown"; readonly reason: string };

/** Who does an operation, and by way of which node. */
export interface Doer {
  readonly process: number;
  readonly node: string;
  readonly api: EtcdApi;
}

type Open = { -readonly [Field in keyof Operation]: Operation[Field] };

/** The history while it happens: times are whole microseconds since the log began, of one clock that never runs backwards. */
export class HistoryLog {
  readonly #operations: Open[] = [];
  readonly #began = performance.now();
  #lastOk = 0;
  #longestSilence: Silence = { from: 0, to: 0 };

  get size(): number {
    return this.#operations.length;
  }

  /** Microseconds since the log began. */
  now(): number {
    return Math.floor((performance.now() - this.#began) * 1000);
  }

  /** The longest time until now in which nothing was answered with success, in microseconds since the log began. */
  longestSilence(): Silence {
    const now = this.now();
    const { from, to } = this.#longestSilence;
    return now - this.#lastOk > to - from ? { from: this.#lastOk, to: now } : { from, to };
  }

  /** Does and records one operation. Never rejects unless `send` does, which is a bug. */
  async record<Output>(
    doer: Doer,
    f: string,
    key: string,
    input: unknown,
    send: () => Promise<Ended<Output>>,
  ): Promise<Ended<Output>> {
    const { process, node } = doer;
    const operation: Open = {
      ...{ process, f, key, input, output: undefined },
      ...{ call: this.now(), return: NEVER_RETURNED, outcome: "unknown", node },
    };
    this.#operations.push(operation);
    const ended = await send();
    if (ended.type === "unknown") return ended;
    operation.return = this.now() + 1; // rounded up, as the call was rounded down: it was under way at least that long
    operation.outcome = ended.type;
    if (ended.type === "ok") {
      operation.output = ended.output;
      this.#heard(operation.return);
    }
    return ended;
  }

  /** What was recorded, by call time. What is still under way is unknown. */
  history(): History {
    return this.#operations.map((operation) => ({ ...operation }));
  }

  #heard(at: number): void {
    const { from, to } = this.#longestSilence;
    if (at - this.#lastOk > to - from) this.#longestSilence = { from: this.#lastOk, to: at };
    this.#lastOk = at;
  }
}

export interface Silence {
  readonly from: number;
  readonly to: number;
}

/** gRPC codes of answers that say: refused, nothing was done. All others leave it open, for a proposal may be under way. */
const REFUSALS: ReadonlySet<number> = new Set([
  3, // INVALID_ARGUMENT
  5, // NOT_FOUND
  6, // ALREADY_EXISTS
  7, // PERMISSION_DENIED
  8, // RESOURCE_EXHAUSTED: too many requests, no space
  9, // FAILED_PRECONDITION
  11, // OUT_OF_RANGE
  12, // UNIMPLEMENTED
  16, // UNAUTHENTICATED
]);

/** These are UNAVAILABLE, but said before anything is proposed. */
const REFUSED_AT_ONCE: ReadonlySet<string> = new Set([
  "etcdserver: no leader",
  "etcdserver: rpc not supported for learner",
]);

/** What an answer of the store means for its caller. */
export function endedBy<Value>(answer: Answer<Value>): Ended<Value> {
  switch (answer.type) {
    case "ok":
      return { type: "ok", output: answer.value };
    case "notSent":
      return { type: "fail", reason: answer.reason };
    case "lost":
      return { type: "unknown", reason: answer.reason };
    case "status": {
      const refused = REFUSALS.has(answer.code) || REFUSED_AT_ONCE.has(answer.text);
      return { type: refused ? "fail" : "unknown", reason: `${answer.text} (gRPC status ${answer.code})` };
    }
  }
}

/** The same with another output. */
export function mapped<From, To>(ended: Ended<From>, to: (output: From) => To): Ended<To> {
  return ended.type === "ok" ? { type: "ok", output: to(ended.output) } : ended;
}
