import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@synod/runtime/testing/ports";
import type { StoreServer } from "./store-server.ts";

/** A real etcd on loopback, with its data in a folder of its own: the second opinion on what the API means. */
export class Etcd implements StoreServer {
  readonly endpoint: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(endpoint: string, process: ChildProcess, folder: string) {
    this.endpoint = endpoint;
    this.#process = process;
    this.#folder = folder;
  }

  /** Needs the program `etcd` (Debian: etcd-server). @param more flags; with `cert-file` its clients come over TLS */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<Etcd> {
    const [client, peer, health] = (await freePorts(3)) as [number, number, number];
    const folder = mkdtempSync(join(tmpdir(), "synod-etcd-"));
    const clientUrl = `${more["cert-file"] === undefined ? "http" : "https"}://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const options = {
      "data-dir": folder,
      "listen-client-urls": clientUrl,
      "advertise-client-urls": clientUrl,
      "listen-peer-urls": peerUrl,
      "initial-advertise-peer-urls": peerUrl,
      "initial-cluster": `default=${peerUrl}`,
      "log-level": "error",
      // Plain, unlike its clients' door when that is over TLS: for asking whether it is there.
      "listen-metrics-urls": `http://127.0.0.1:${health}`,
      ...more,
    };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const child = spawn("etcd", args, { stdio: "ignore" });
    const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`etcd ended with code ${code}`)));
    const etcd = new Etcd(`127.0.0.1:${client}`, child, folder);
    await Promise.race([answers(health), failed]);
    failed.catch(() => {}); // from here on its end is expected
    return etcd;
  }

  /** A paused process holds its connections and answers nothing. */
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

async function answers(port: number): Promise<void> {
  for (;;) {
    const health = await fetch(`http://127.0.0.1:${port}/health`).then(
      (response) => response.text(),
      () => "",
    );
    if (health.includes("true")) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
