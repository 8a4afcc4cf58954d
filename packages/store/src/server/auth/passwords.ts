import { Worker } from "node:worker_threads";

export interface PasswordTask {
  readonly id: number;
  readonly password: string;
  /** Absent: to be made. "": there is none, but take the time that one takes. */
  readonly hash?: string;
}

export interface PasswordAnswer {
  readonly id: number;
  readonly hash: string;
  readonly matches: boolean;
}

/** undefined: it could not be done. */
type Done = (answer: PasswordAnswer | undefined) => void;

/** About as many as are done within a request's time. */
const MOST_WAITING = 64;

/**
 * bcrypt in a thread of its own, begun when first needed: one password takes tens of milliseconds, and is meant to. More
 * than a few at once are refused, so that guessing them costs the guesser and not the node.
 */
export class Passwords {
  readonly #cost: number;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Done>();
  #nextId = 1;

  /** @param cost bcrypt's: the logarithm of the number of rounds. */
  constructor(cost: number) {
    this.#cost = cost;
  }

  /** @returns false: too many wait. */
  hash(password: string, done: (hash: string | undefined) => void): boolean {
    return this.#ask({ id: this.#nextId++, password }, (answer) => done(answer?.hash));
  }

  /** @param hash "": there is none; the answer is no, and takes as long. @returns false: too many wait. */
  verify(password: string, hash: string, done: (matches: boolean | undefined) => void): boolean {
    return this.#ask({ id: this.#nextId++, password, hash }, (answer) => done(answer?.matches));
  }

  #ask(task: PasswordTask, done: Done): boolean {
    if (this.#waiting.size >= MOST_WAITING) return false;
    this.#waiting.set(task.id, done);
    this.#worker ??= this.#start();
    this.#worker.postMessage(task);
    return true;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./password-worker.ts", import.meta.url), { workerData: { cost: this.#cost } });
    worker.on("message", (answer: PasswordAnswer) => {
      const done = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      done?.(answer);
    });
    // A thread that dies takes what it was asked with it; the next question begins another.
    worker.on("error", () => {
      this.#worker = undefined;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const done of waiting) done(undefined);
    });
    worker.unref(); // after the listeners, each of which would hold the process again
    return worker;
  }
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** More rounds than this would hold up everybody else for seconds. */
const LARGEST_COST = 14;

/** @param text bcrypt's hash, as it is or in base64. @returns undefined: it is none that could be checked in time. */
export function acceptHash(text: string): string | undefined {
  const hash = text.startsWith("$") ? text : Buffer.from(text, "base64").toString("latin1");
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? 0);
  return cost >= 4 && cost <= LARGEST_COST ? hash : undefined;
}
