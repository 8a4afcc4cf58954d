import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { random } from "./random.ts";
import type { Workload } from "./workload.ts";

/** Of which at most one answer in a history is spoiled, in half of the histories. */
const OPERATIONS = { least: 3, most: 7 };

/**
 * Runs operations against the true object, each at a random instant inside its interval; some answers get lost, and in
 * some histories one is spoiled. Every operation has a process of its own.
 */
export function randomHistory<State>(workload: Workload<State>, seed: number): History {
  const draw = random(seed);
  const length = OPERATIONS.least + draw(OPERATIONS.most - OPERATIONS.least + 1);
  const planned = Array.from({ length }, (_, process) => {
    const call = draw(12);
    const end = call + draw(8);
    return { process, call, end, instant: call + draw(end - call + 1), lost: draw(5) === 0 };
  }).sort((a, b) => a.instant - b.instant);
  const spoiled = draw(2) === 0 ? draw(length) : -1;
  const model = workload.model();
  let state = model.initial;
  return planned.map(({ process, call, end, lost }, index): Operation => {
    const { f, input, key = "x" } = workload.ask(draw, index);
    const asked = { process, key, f, input, call };
    const unanswered: Operation = { ...asked, output: undefined, return: NEVER_RETURNED, outcome: "unknown" };
    const output = workload.answer(state, unanswered, draw);
    // An operation that the object refuses never answers.
    if (output === undefined || (lost && draw(2) === 0)) return unanswered;
    state = model.step(state, { ...asked, output, return: end, outcome: "ok" }) ?? state;
    if (lost) return unanswered;
    return { ...asked, output: index === spoiled ? workload.spoil(draw, output) : output, return: end, outcome: "ok" };
  });
}
