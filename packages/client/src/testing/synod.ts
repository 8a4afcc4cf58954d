import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "@synod/runtime/testing/ports";
import type { StoreServer } from "./store-server.ts";

const binary = fileURLToPath(new URL("../../../synod/bin/synod.mjs", import.meta.url));

/** A cluster of one node, as the process that users run: to the client a foreign program like any other. */
export class Synod implements StoreServer {
  readonly endpoint: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(endpoint: string, process: ChildProcess, folder: string) {
    this.endpoint = endpoint;
    this.#process = process;
    this.#folder = folder;
  }

  /** @param more flags of `synod serve` */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<Synod> {
    const [store, peers, http] = (await freePorts(3)) as [number, number, number];
    const folder = mkdtempSync(join(tmpdir(), "synod-client-"));
    const options = {
      "--data": join(folder, "n1"),
      "--peers": `n1=127.0.0.1:${peers}`,
      "--client-urls": `n1=http://127.0.0.1:${store}`,
      "--store-port": store,
      "--peer-port": peers,
      "--http-port": http,
      ...more,
    };
    const args = [binary, "serve", ...Object.entries(options).flat().map(String)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    const [message] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if ((message as { type?: string } | null)?.type !== "ready")
      throw new Error(`synod did not start: ${JSON.stringify(message)}`);
    return new Synod(`127.0.0.1:${store}`, child, folder);
  }

  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  resume(): void {
    this.#process.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
