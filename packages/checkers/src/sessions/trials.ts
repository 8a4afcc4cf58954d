import type { History, Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { isKeptByDefinition } from "./oracle.ts";
import type { SessionGuarantee } from "./rules.ts";
import { checkSessions } from "./sessions.ts";

const GUARANTEES: readonly SessionGuarantee[] = [
  "read your writes",
  "monotonic reads",
  "monotonic writes",
  "writes follow reads",
];

/** Unique values on one key, where each read returns some write or the initial value. */
export function randomSessions(seed: number): History {
  const draw = random(seed);
  const planned = Array.from({ length: 3 + draw(5) }, (_, value) => {
    return { process: draw(3), isWrite: draw(2) === 0, value };
  });
  const values = [null, ...planned.filter(({ isWrite }) => isWrite).map(({ value }) => value)];
  return planned.map(({ process, isWrite, value }): Operation => {
    const asked = { process, key: "x", call: 10 * value, return: 10 * value + 5, outcome: "ok" } as const;
    if (isWrite) return { ...asked, f: "write", input: value, output: null };
    return { ...asked, f: "read", input: null, output: values[draw(values.length)] };
  });
}

/** The two that one key alone can break, and any of the four together: which, the seed says. */
const PROMISES: readonly (readonly SessionGuarantee[])[] = [["read your writes"], ["monotonic reads"], GUARANTEES];

export const sessionTrials: readonly Trial[] = PROMISES.map((guarantees) => ({
  name: `${guarantees.length === 1 ? guarantees[0] : "session guarantees"} register`,
  play(seed) {
    const history = randomSessions(seed);
    const isOne = guarantees.length === 1;
    const promised = isOne ? guarantees : guarantees.filter((_, index) => (seed >> index) % 2 === 1);
    const oracle = isKeptByDefinition(history, new Set(promised)) ? "ok" : "illegal";
    return { history, oracle, checker: checkSessions(history, { guarantees: promised }).type };
  },
}));
