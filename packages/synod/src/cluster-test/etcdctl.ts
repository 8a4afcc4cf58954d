import { spawn } from "node:child_process";

/** What the command said: standard output, and the error's sentence where it failed. */
export interface Said {
  readonly output: string;
  readonly error: string | undefined;
  /** Its exit code; null if it had to be ended. */
  readonly code?: number | null;
}

const PATIENCE_MS = 15_000;

/** The command line of etcd (Debian: etcd-client), turned on one cluster. */
export class Etcdctl {
  readonly #flags: readonly string[];

  /** @param flags what every command is told beside: whom to trust, who one is. */
  constructor(addresses: readonly string[], flags: readonly string[] = []) {
    this.#flags = ["--endpoints", addresses.join(","), ...flags];
  }

  /**
   * @param input for standard input.
   * @param lines ends a command that would go on for ever (a watch) once it has said that many lines; more it may have said
   * by then is left out.
   */
  run(args: readonly string[], options: { input?: string; lines?: number } = {}): Promise<Said> {
    const child = spawn("etcdctl", [...this.#flags, ...args], {
      env: { ...process.env, ETCDCTL_API: "3" },
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (options.lines !== undefined && output.split("\n").length > options.lines) child.kill("SIGKILL");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.stdin.on("error", () => {}); // a command that reads nothing may have ended already
    child.stdin.end(options.input ?? "");
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve({ output: firstLines(output, options.lines), error: /^Error: .*/m.exec(errors)?.[0], code });
      });
    });
  }
}

function firstLines(text: string, count: number | undefined): string {
  return count === undefined
    ? text
    : text
        .split(/(?<=\n)/)
        .slice(0, count)
        .join("");
}
