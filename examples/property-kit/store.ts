/**
 * A store with a backup, as somebody might have written it: plain code that knows neither the simulator nor the checker.
 * It has a bug that no test without crashes finds.
 */
export type Message =
  | { readonly type: "copy"; readonly entries: [string, unknown][]; readonly count: number }
  | { readonly type: "copied"; readonly count: number }
  | { readonly type: "join" }
  | { readonly type: "state"; readonly entries: [string, unknown][]; readonly count: number };

/** The other node, and a clock. */
export interface Surroundings {
  send(message: Message): void;
  /** Milliseconds. */
  now(): number;
  every(milliseconds: number, what: () => void): void;
}

const COPY_EVERY = 10;
/** Without a word from the primary for so long, the backup takes over. */
const SILENCE = 60;

export class PrimaryBackupStore {
  role: "primary" | "backup" | "joining";
  /** Writes so far. */
  protected count = 0;
  protected heard: number;
  readonly #values = new Map<string, unknown>();
  #uncopied: [string, unknown][] = [];
  readonly #around: Surroundings;

  constructor(around: Surroundings, role: "primary" | "backup" | "joining") {
    this.#around = around;
    this.role = role;
    this.heard = around.now();
    around.every(COPY_EVERY, () => this.tick());
  }

  get(key: string): unknown {
    return this.#values.get(key) ?? null;
  }

  set(key: string, value: unknown, done: () => void): void {
    this.#values.set(key, value);
    this.#uncopied.push([key, value]);
    this.count += 1;
    done();
  }

  receive(message: Message): void {
    this.heard = this.#around.now();
    if (message.type === "copy" || message.type === "state") {
      if (message.type === "state") this.role = "backup";
      for (const [key, value] of message.entries) this.#values.set(key, value);
      this.count = message.count;
      this.#around.send({ type: "copied", count: message.count });
    } else if (message.type === "join") {
      this.role = "primary";
      this.#uncopied = [];
      this.#around.send({ type: "state", entries: [...this.#values], count: this.count });
    }
  }

  protected get isAlone(): boolean {
    return this.#around.now() - this.heard > SILENCE;
  }

  protected tick(): void {
    if (this.role === "joining") this.#around.send({ type: "join" });
    if (this.role === "backup" && this.isAlone) this.role = "primary";
    if (this.role !== "primary") return;
    // One message for many writes, and a sign of life without any.
    this.#around.send({ type: "copy", entries: this.#uncopied, count: this.count });
    this.#uncopied = [];
  }
}
