import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { hold } from "@synod/runtime/testing/ports";
import { portsOf } from "../addresses.ts";
import { assertPortsFree } from "../up/ports.ts";

const binary = fileURLToPath(new URL("../../bin/synod.mjs", import.meta.url));

/** A `synod` process under test. */
export class Run {
  readonly process: ReturnType<typeof spawn>;
  stdout = "";
  stderr = "";
  readonly #closed: Promise<unknown>;
  readonly #waiting: Set<() => void> = new Set();

  constructor(
    args: readonly string[],
    options: { environment?: Readonly<Record<string, string>>; folder?: string } = {},
  ) {
    const env = { ...process.env, NO_COLOR: "1", ...options.environment };
    this.process = spawn(process.execPath, [binary, ...args], {
      env,
      cwd: options.folder,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#closed = once(this.process, "close");
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => this.#heard(() => (this.stdout += text)));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => this.#heard(() => (this.stderr += text)));
    void this.#closed.then(() => this.#heard(() => {}));
  }

  /** Resolves with the match once standard output has it; rejects when the process ends without it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`ended without ${pattern}:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** @returns the exit code, once the process has ended and its output is complete. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.process.exitCode;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.process.kill(signal);
    return this.ended();
  }

  #heard(change: () => void): void {
    change();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** Every second one, so that the port after a node's http port is no node's. */
const FIRST_OFFSET = 100;
const OFFSETS = 500;

/**
 * An offset at which up to three nodes find all their ports free, and which no other test is given until this process ends:
 * it listens at the port after n1's http port. All lie below those that `freePorts` gives.
 */
export async function freePortOffset(nodes: 1 | 2 | 3): Promise<number> {
  for (let tried = 0; tried < OFFSETS; tried++) {
    const offset = FIRST_OFFSET + 2 * ((process.pid + tried) % OFFSETS);
    if (!(await hold(portsOf(1, offset).http + 1))) continue;
    const ports = Array.from({ length: nodes }, (_, index) => portsOf(index + 1, offset));
    const free = await assertPortsFree("127.0.0.1", ports).then(
      () => true,
      () => false,
    );
    if (free) return offset;
  }
  throw new Error(`no port offset is free for ${nodes} nodes`);
}
