import { type Fields, formatHuman, formatJson, type Level, type LogFormat } from "./format.ts";
import { Repeats } from "./repeats.ts";
import { DescriptorSink, type Sink } from "./sink.ts";

export type { Fields, Level, LogFormat } from "./format.ts";
export type { Sink } from "./sink.ts";

export interface LoggerOptions {
  /** Lines below this level cost one comparison. Default `info`. */
  readonly level?: Level;
  /** Default `human`. */
  readonly format?: LogFormat;
  /** The node's name, as in `n1`. */
  readonly node?: string;
  /** Default: standard error. */
  readonly sink?: Sink;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What holds back repeats; default at most 10 lines of a kind in 10 s. */
  readonly repeats?: Repeats;
}

const RANK: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export function createLogger(options: LoggerOptions = {}): Logger {
  return new Logger(new LogCore(options), {});
}

/**
 * A structured log: a level, a sentence a person can read, and fields for programs. It never throws, redacts fields with
 * secret names and holds back repeats.
 */
export class Logger {
  readonly #core: LogCore;
  readonly #fields: Fields;

  constructor(core: LogCore, fields: Fields) {
    this.#core = core;
    this.#fields = fields;
  }

  /** The same log with `fields` on every line. */
  with(fields: Fields): Logger {
    return new Logger(this.#core, { ...this.#fields, ...fields });
  }

  debug(sentence: string, fields?: Fields): void {
    if (this.#core.rank <= RANK.debug) this.#core.emit("debug", sentence, this.#fields, fields);
  }

  info(sentence: string, fields?: Fields): void {
    if (this.#core.rank <= RANK.info) this.#core.emit("info", sentence, this.#fields, fields);
  }

  warn(sentence: string, fields?: Fields): void {
    if (this.#core.rank <= RANK.warn) this.#core.emit("warn", sentence, this.#fields, fields);
  }

  error(sentence: string, fields?: Fields): void {
    this.#core.emit("error", sentence, this.#fields, fields);
  }

  /** Writes out what is held, counts of held-back repeats included. Call before the process ends. */
  flush(): void {
    this.#core.flush();
  }
}

/** What all loggers of a process share. */
export class LogCore {
  readonly rank: number;
  readonly #node: string;
  readonly #format: typeof formatHuman;
  readonly #sink: Sink;
  readonly #clock: () => number;
  readonly #repeats: Repeats;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoggerOptions) {
    this.rank = RANK[options.level ?? "info"];
    this.#node = options.node ?? "";
    this.#format = options.format === "json" ? formatJson : formatHuman;
    this.#sink = options.sink ?? new DescriptorSink(2);
    this.#clock = options.clock ?? Date.now;
    this.#repeats = options.repeats ?? new Repeats();
  }

  emit(level: Level, sentence: string, inherited: Fields, own: Fields | undefined): void {
    const now = this.#clock();
    this.#report(now);
    if (this.#repeats.allow(level, sentence, now)) this.#write(level, sentence, now, { ...inherited, ...own });
    else this.#timer ??= setTimeout(this.#onTimer, this.#repeats.windowMs).unref();
  }

  flush(): void {
    this.#report(Number.POSITIVE_INFINITY);
    this.#sink.flush();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#report(this.#clock());
  };

  #report(until: number): void {
    this.#repeats.expired(until, (level, sentence, count) => {
      const text = `… ${count} more like this in ${this.#repeats.windowMs / 1000} s: ${sentence}`;
      this.#write(level, text, this.#clock(), {});
    });
  }

  #write(level: Level, sentence: string, time: number, fields: Fields): void {
    try {
      this.#sink.write(this.#format({ time, level, node: this.#node, sentence, fields }));
    } catch {
      // A log line is never worth a node: the sink failed, and there is nowhere to say it.
    }
  }
}
