/** Microseconds that long work may take of one turn. */
const SLICE = 3_000;

export interface Clock {
  /** Microseconds. */
  now(): number;
  schedule(work: () => void): void;
}

/** Runs long work in slices of a few milliseconds, one a turn, so that the node goes on serving. */
export function runSliced<Result>(
  steps: Iterator<unknown, Result>,
  { now, schedule }: Clock,
  done: (result: Result) => void,
): void {
  const slice = (): void => {
    const until = now() + SLICE;
    do {
      const step = steps.next();
      if (step.done === true) return done(step.value);
    } while (now() < until);
    schedule(slice);
  };
  slice();
}
