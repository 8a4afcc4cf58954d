import type { TargetPlan } from "./plan.ts";
import type { RunProgress } from "./run.ts";

const WIDTH = 24;

const PHASES: Readonly<Record<RunProgress["phase"], string>> = {
  starting: "starting the target",
  working: "clients work",
  healing: "healing what was hurt",
  reading: "reading what there is",
};

/** One line that is written over and over, for a person at a terminal; elsewhere a line for each phase. */
export class ProgressLine {
  readonly #plan: TargetPlan;
  readonly #stream: NodeJS.WriteStream;
  #phase: RunProgress["phase"] | undefined;

  constructor(plan: TargetPlan, stream: NodeJS.WriteStream) {
    this.#plan = plan;
    this.#stream = stream;
  }

  readonly show = (progress: RunProgress): void => {
    const isNew = progress.phase !== this.#phase;
    this.#phase = progress.phase;
    if (this.#stream.isTTY) this.#stream.write(`\r${this.#line(progress)}\x1b[K`);
    else if (isNew) this.#stream.write(`${PHASES[progress.phase]}\n`);
  };

  /** Takes the line away. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\x1b[K");
  }

  #line({ phase, worked, operations, faults }: RunProgress): string {
    const { milliseconds, nemesis } = this.#plan;
    const done = Math.min(WIDTH, Math.round((worked / milliseconds) * WIDTH));
    const bar = "█".repeat(done) + "░".repeat(WIDTH - done);
    const seconds = `${Math.floor(worked / 1000)} of ${Math.round(milliseconds / 1000)} s`;
    const hurt = nemesis.length === 0 ? "" : ` · ${faults} faults`;
    return `${bar} ${seconds} · ${operations} operations${hurt} · ${PHASES[phase]}`;
  }
}
