import { writeSync } from "node:fs";
import { duration } from "../../cli/output.ts";

const WIDTH = 24;

/**
 * One line that is written over while work goes on, for a person at a terminal; nothing elsewhere. It is written at once,
 * since nothing else runs while a history is judged.
 */
export class WaitingLine {
  readonly #stream: { readonly isTTY?: boolean; readonly fd: number };

  constructor(stream: { readonly isTTY?: boolean; readonly fd: number }) {
    this.#stream = stream;
  }

  /** @param part of the time that there is, 0 to 1, of which `elapsed` milliseconds are over */
  show(what: string, part?: number, elapsed = 0): void {
    if (part === undefined) this.#write(`\r${what}\x1b[K`);
    else {
      const done = Math.min(WIDTH, Math.round(part * WIDTH));
      this.#write(`\r${"█".repeat(done)}${"░".repeat(WIDTH - done)} ${duration(elapsed)} · ${what}\x1b[K`);
    }
  }

  /** Takes the line away. */
  end(): void {
    this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    if (this.#stream.isTTY !== true) return;
    try {
      writeSync(this.#stream.fd, text);
    } catch {
      // A terminal that takes nothing just now misses a line that the next one replaces.
    }
  }
}
