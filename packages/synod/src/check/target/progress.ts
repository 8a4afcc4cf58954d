import type { TargetPlan } from "./plan.ts";
import type { RunProgress } from "./run.ts";

const WIDTH = 24;
const CLEAR_REST = "\x1b[K";
const CLEAR = `\r${CLEAR_REST}`;

const PHASES: Readonly<Record<RunProgress["phase"], string>> = {
  starting: "starting the target",
  working: "clients work",
  healing: "healing what was hurt",
  reading: "reading what there is",
  ended: "",
};

/** One line that is written over and over, and goes at the end, for a person at a terminal; elsewhere a line for each phase. */
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
    if (this.#stream.isTTY)
      this.#stream.write(progress.phase === "ended" ? CLEAR : `\r${this.#line(progress)}${CLEAR_REST}`);
    else if (isNew && progress.phase !== "ended") this.#stream.write(`${PHASES[progress.phase]}\n`);
  };

  #line({ phase, worked, operations, faults }: RunProgress): string {
    const { milliseconds, nemesis } = this.#plan;
    const done = Math.min(WIDTH, Math.round((worked / milliseconds) * WIDTH));
    const bar = "█".repeat(done) + "░".repeat(WIDTH - done);
    const seconds = `${Math.floor(worked / 1000)} of ${Math.round(milliseconds / 1000)} s`;
    const hurt = nemesis.length === 0 ? "" : ` · ${faults} faults`;
    return `${bar} ${seconds} · ${operations} operations${hurt} · ${PHASES[phase]}`;
  }
}
