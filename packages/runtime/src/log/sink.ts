import { writeSync } from "node:fs";

/** Where finished lines go. */
export interface Sink {
  write(text: string): void;
  /** Hands everything on now; called before the process ends. */
  flush(): void;
}

const MAX_HELD_CHARACTERS = 64 * 1024;

/**
 * A file descriptor, written once a turn: the lines of one turn leave in one system call. Synchronous, so that the last
 * words before a crash are not lost; a reader too slow to take them (a full pipe) loses lines, never the node its time.
 */
export class DescriptorSink implements Sink {
  readonly #fd: number;
  #held = "";
  #lost = 0;
  #scheduled = false;
  readonly #flush = (): void => this.flush();

  constructor(fd: number) {
    this.#fd = fd;
    process.on("exit", this.#flush);
  }

  write(text: string): void {
    this.#held += text;
    if (this.#held.length >= MAX_HELD_CHARACTERS) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#held === "") return;
    const notice = this.#lost > 0 ? `… ${this.#lost} log writes lost: the reader of this stream was too slow\n` : "";
    const bytes = Buffer.from(notice + this.#held);
    this.#held = "";
    try {
      let offset = 0;
      while (offset < bytes.length) offset += writeSync(this.#fd, bytes, offset);
      this.#lost = 0;
    } catch {
      this.#lost++; // EAGAIN, EPIPE, EBADF: there is nowhere to say it
    }
  }

  /** Stops listening for the end of the process. */
  close(): void {
    this.flush();
    process.off("exit", this.#flush);
  }
}
