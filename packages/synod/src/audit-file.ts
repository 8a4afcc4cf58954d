import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, write, writeSync } from "node:fs";
import type { Logger } from "@synod/runtime/log/logger";
import type { StoreMachine } from "@synod/store/machine";
import { type AuditSink, AuditTrail } from "@synod/store/server/admission/audit";
import { CliError } from "./cli/errors.ts";

export interface AuditFileLimits {
  /** The file is put aside when it has so many bytes, as FILE.1; what was there before becomes FILE.2, …. */
  readonly rotateBytes: number;
  /** How many are kept aside. */
  readonly keep: number;
  /** Bytes that may wait for the disk; lines beyond are dropped. */
  readonly bufferBytes: number;
}

const DEFAULT_LIMITS: AuditFileLimits = { rotateBytes: 64 << 20, keep: 5, bufferBytes: 4 << 20 };
/** The longest line: a transaction of 128 long keys. */
const TAIL_BYTES = 1 << 20;

/** Lines of an audit log on their way to a file. Nobody waits for it: when the disk is too slow, lines are counted instead. */
export class AuditFile implements AuditSink {
  readonly lastIndex: number;
  /** Lines that were dropped. */
  drops = 0;
  readonly #path: string;
  readonly #limits: AuditFileLimits;
  readonly #logger: Logger;
  #file: number;
  #size: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #untold = 0;
  #writing = false;
  #closed: (() => void) | undefined;

  /** @throws CliError "settings": the file cannot be written */
  constructor(path: string, logger: Logger, limits: Partial<AuditFileLimits> = {}) {
    this.#path = path;
    this.#logger = logger;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    try {
      this.#file = openSync(path, "a+", 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CliError("settings", `the audit log ${path} cannot be written (${code}): check --audit-log`);
    }
    this.#size = fstatSync(this.#file).size;
    this.lastIndex = Math.max(lastIndexIn(this.#file, this.#size), this.#size === 0 ? lastIndexOf(`${path}.1`) : 0);
    // A line that a crash has cut short is ended: the next one must not go on in it.
    if (this.#size > 0 && !endsInNewline(this.#file, this.#size)) this.#size += writeSync(this.#file, "\n");
  }

  write(line: string): void {
    if (this.#waitingBytes + line.length > this.#limits.bufferBytes) {
      this.drops++;
      this.#untold++;
      return;
    }
    if (this.#untold > 0) this.#tellDrops();
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    // What the rest of the turn brings goes along.
    if (!this.#writing) {
      this.#writing = true;
      setImmediate(() => this.#writeOut());
    }
  }

  /** Once everything is written. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#untold > 0) this.#tellDrops();
      this.#closed = () => {
        closeSync(this.#file);
        resolve();
      };
      if (!this.#writing) this.#writeOut();
    });
  }

  #tellDrops(): void {
    const line = `${JSON.stringify({ at: new Date().toISOString(), dropped: this.#untold })}\n`;
    this.#logger.warn("the audit log's disk is too slow: lines were dropped", { lines: this.#untold });
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#untold = 0;
  }

  #writeOut(): void {
    if (this.#waiting.length === 0) {
      this.#writing = false;
      this.#closed?.();
      return;
    }
    this.#writing = true;
    const lines = this.#waiting.length;
    const bytes = Buffer.from(this.#waiting.join(""));
    this.#waiting = [];
    this.#writeAll(bytes, 0, (error) => {
      this.#waitingBytes = this.#waiting.reduce((sum, line) => sum + line.length, 0);
      if (error !== null) this.#lost(lines, error);
      else if (this.#size >= this.#limits.rotateBytes) this.#rotate();
      this.#writeOut();
    });
  }

  #writeAll(bytes: Buffer, from: number, done: (error: NodeJS.ErrnoException | null) => void): void {
    write(this.#file, bytes, from, (error, written) => {
      if (error !== null) return done(error);
      this.#size += written;
      if (from + written < bytes.length) this.#writeAll(bytes, from + written, done);
      else done(null);
    });
  }

  #lost(lines: number, error: NodeJS.ErrnoException): void {
    this.drops += lines;
    this.#untold += lines;
    this.#logger.error("the audit log cannot be written", { path: this.#path, error });
  }

  #rotate(): void {
    try {
      for (let i = this.#limits.keep - 1; i >= 1; i--) {
        if (existsSync(`${this.#path}.${i}`)) renameSync(`${this.#path}.${i}`, `${this.#path}.${i + 1}`);
      }
      renameSync(this.#path, `${this.#path}.1`);
      const next = openSync(this.#path, "a+", 0o600);
      closeSync(this.#file);
      this.#file = next;
      this.#size = 0;
    } catch (error) {
      this.#logger.error("the audit log cannot be put aside and grows", { path: this.#path, error });
    }
  }
}

/** What a node that keeps an audit log holds on to. */
export interface Audit {
  readonly trail: AuditTrail;
  close(): Promise<void>;
}

/** Watches the machine from its first entry on. @param path undefined: nobody wants to know. @throws CliError "settings" */
export function openAudit({ machine }: StoreMachine, path: string | undefined, logger: Logger): Audit | undefined {
  if (path === undefined) return undefined;
  const file = new AuditFile(path, logger);
  const trail = new AuditTrail(file, () => new Date());
  machine.observer = trail;
  return {
    trail,
    close: () => {
      trail.settle();
      return file.close();
    },
  };
}

function lastIndexOf(path: string): number {
  if (!existsSync(path)) return 0;
  const file = openSync(path, "r");
  try {
    return lastIndexIn(file, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

/** Of the last line that is whole and has one. */
function lastIndexIn(file: number, size: number): number {
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(file, tail, 0, tail.length, size - tail.length);
  for (const line of tail.toString().split("\n").reverse()) {
    const index = indexOf(line);
    if (index !== undefined) return index;
  }
  return 0;
}

function indexOf(line: string): number | undefined {
  try {
    const { index } = JSON.parse(line) as { index?: unknown };
    return typeof index === "number" ? index : undefined;
  } catch {
    return undefined; // cut short
  }
}

function endsInNewline(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 10;
}
