import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { checkConvergence } from "./convergence.ts";

/** Three elements are added, and reads show any of them. */
export function randomReads(seed: number): History {
  const draw = random(seed);
  const asked = { key: "s", outcome: "ok" } as const;
  const adds = [1, 2, 3].map((input): Operation => {
    const add = { ...asked, process: 1, f: "add", input, output: null, call: draw(20), return: 20 + draw(20) };
    return draw(4) === 0 ? { ...add, output: undefined, return: NEVER_RETURNED, outcome: "unknown" } : add;
  });
  const reads = Array.from({ length: 1 + draw(5) }, (_, process): Operation => {
    const call = draw(60);
    const elements = [1, 2, 3, 1].filter(() => draw(5) < 3);
    const output = draw(4) === 0 ? elements : [...new Set(elements)];
    return { ...asked, process: 2 + process, f: "read", input: null, output, call, return: call + 1 + draw(10) };
  });
  return [...adds, ...reads];
}

/**
 * The definitions in words, by going through all pairs. Lost: from the beginning of some read on, all miss what was known
 * by then. Duplicated: twice in a read. Unexpected: in a read that was over before the element was added.
 */
export function elementsByDefinition(history: History): { lost: number; duplicated: number; unexpected: number } {
  const reads = history.filter(({ f }) => f === "read");
  const adds = history.filter(({ f }) => f === "add");
  const times = ({ output }: Operation, element: unknown): number =>
    (output as readonly unknown[]).filter((other) => other === element).length;
  const isLost = (add: Operation): boolean =>
    reads.some((start) => {
      const isKnown =
        (add.outcome === "ok" && add.return < start.call) ||
        reads.some((other) => times(other, add.input) > 0 && other.return < start.call);
      return isKnown && reads.every((other) => other.call < start.call || times(other, add.input) === 0);
    });
  return {
    lost: adds.filter(isLost).length,
    duplicated: adds.filter(({ input }) => reads.some((read) => times(read, input) > 1)).length,
    unexpected: adds.filter(({ input, call }) => reads.some((read) => read.return < call && times(read, input) > 0))
      .length,
  };
}

export const convergenceTrials: readonly Trial[] = [
  {
    name: "convergence set",
    play(seed) {
      const history = randomReads(seed);
      const isWrong = Object.values(elementsByDefinition(history)).some((count) => count > 0);
      const { type } = checkConvergence(history).verdict;
      // "unknown" says that no read came late enough to be wrong, or right.
      return { history, oracle: isWrong ? "illegal" : "ok", checker: type === "unknown" ? "ok" : type };
    },
  },
];
