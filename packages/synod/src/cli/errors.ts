/** What ends a command: one sentence that says what was wrong, where, and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: "usage" | "settings" | "ports" | "data" | "start" | "store" | "join" | "snapshot" | "history";
  constructor(code: CliError["code"], message: string) {
    super(message);
    this.code = code;
  }

  /** 2 when the command line was wrong, as shells do, or a history that 1 would call disproved; 1 when the world was. */
  get exitCode(): number {
    return this.code === "usage" || this.code === "settings" || this.code === "history" ? 2 : 1;
  }
}
