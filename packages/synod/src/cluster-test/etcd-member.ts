import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePorts } from "@synod/runtime/testing/ports";

/** Where one member is reached. */
export interface EtcdPlace {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

export async function etcdPlaces(count: number, scheme: "http" | "https" = "http"): Promise<EtcdPlace[]> {
  const ports = await freePorts(2 * count);
  return Array.from({ length: count }, (_, index) => {
    const [clientPort, peerPort] = ports.slice(2 * index) as [number, number];
    const url = (port: number): string => `${scheme}://127.0.0.1:${port}`;
    return { name: `infra${index}`, client: url(clientPort), peer: url(peerPort), clientPort, peerPort };
  });
}

export type EtcdProgram = "etcd" | "synod";

const PROGRAMS: Readonly<Record<EtcdProgram, string>> = {
  etcd: "etcd",
  synod: join(import.meta.dirname, "../../bin/etcd"),
};

const running = new Set<ChildProcess>();

// Whatever ends this process, no member outlives it.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A member's process, started as etcd's documentation says, whichever program that starts. */
export class EtcdMember {
  readonly place: EtcdPlace;
  log: string = "";
  readonly #child: ChildProcess;
  readonly #waiting: Set<() => void> = new Set<() => void>();

  constructor(
    program: EtcdProgram,
    place: EtcdPlace,
    folder: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.place = place;
    this.#child = spawn(PROGRAMS[program], args, { env: { ...process.env, ...environment }, cwd: folder });
    const heard = (text: string): void => {
      this.log += text;
      for (const wake of this.#waiting) wake();
    };
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding("utf8").on("data", heard);
    this.#child.once("close", () => heard(""));
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
  }

  /** The launch script of etcd's clustering guide. */
  static launch(
    program: EtcdProgram,
    folder: string,
    self: EtcdPlace,
    all: readonly EtcdPlace[],
    more: readonly string[] = [],
  ): EtcdMember {
    return new EtcdMember(program, self, folder, [
      ...["--name", self.name, "--data-dir", join(folder, program, self.name), "--log-level", "info"],
      ...["--initial-advertise-peer-urls", self.peer, "--listen-peer-urls", self.peer],
      ...["--listen-client-urls", self.client, "--advertise-client-urls", self.client],
      ...["--initial-cluster-token", "etcd-cluster-1"],
      ...["--initial-cluster", all.map(({ name, peer }) => `${name}=${peer}`).join(",")],
      ...more,
    ]);
  }

  /** What supervisors and scripts wait for. */
  async ready(): Promise<void> {
    await this.said(/ready to serve client requests|serving (insecure )?client requests/);
  }

  /** Resolves once its log has it; rejects when the process ends without it. */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.log)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`it ended:\n${this.log}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    this.#waiting.clear();
  }

  /** @returns its exit code, once its output is complete. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "close");
    return this.#child.exitCode;
  }

  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.ended();
  }
}
