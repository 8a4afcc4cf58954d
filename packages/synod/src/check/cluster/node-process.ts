import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { EtcdApi, type NodeStatus } from "./etcd-api.ts";
import { mourn, release } from "./mourner.ts";
import type { CommandLine, NodePlan } from "./programs.ts";

const LOG_LIMIT = 1 << 20;

/** One node of a cluster: a real process that can be killed, paused and started again on the same folder. */
export class NodeProcess {
  readonly plan: NodePlan;
  readonly #command: CommandLine;
  #process: ChildProcess | undefined;
  #log = "";
  #asked = false;
  #startedAt = 0;

  constructor(plan: NodePlan, command: CommandLine) {
    this.plan = plan;
    this.#command = command;
  }

  get address(): string {
    return `127.0.0.1:${this.plan.clientPort}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Undefined while it runs. */
  get exit(): string | undefined {
    const child = this.#process;
    if (child === undefined) return "never started";
    if (child.exitCode === null && child.signalCode === null) return undefined;
    return child.signalCode ?? `exit code ${child.exitCode}`;
  }

  /** On the clock of `performance.now`. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** It runs no more although nobody here has ended it. */
  get endedByItself(): boolean {
    return !this.#asked && this.#process !== undefined && this.exit !== undefined;
  }

  /** What it has said on both outputs, over all its starts; the newest megabyte. */
  get log(): string {
    return this.#log;
  }

  /** @param more flags of Node's own, for this start alone. */
  start(more: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): void {
    if (this.exit === undefined) throw new Error(`${this.plan.name} runs already`);
    const child = spawn(this.#command.file, [...more, ...this.#command.arguments], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...this.#command.environment, ...environment },
      detached: true, // a Ctrl-C in the terminal is for us: the cluster is still to be asked what it holds
    });
    this.#process = child;
    this.#asked = false;
    this.#startedAt = performance.now();
    const keep = (bytes: Buffer): void => {
      this.#log = (this.#log + bytes.toString()).slice(-LOG_LIMIT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    mourn(child);
    child.once("exit", () => release(child));
    child.on("error", (error) => keep(Buffer.from(`${this.#command.file} did not start: ${error.message}\n`)));
  }

  /** kill -9, and gone when it returns. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM, and gone when it returns. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** @returns undefined if it does not answer within the time. */
  async status(timeoutMs = 500): Promise<NodeStatus | undefined> {
    const api = new EtcdApi(this.address, timeoutMs);
    const answer = await api.status();
    api.close();
    return answer.type === "ok" ? answer.value : undefined;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#asked = true;
    if (child === undefined || this.exit !== undefined) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}
