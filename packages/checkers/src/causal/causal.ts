import type { History } from "../history.ts";
import { Budget } from "../sequential/budget.ts";
import { withoutProgramOrder } from "../sequential/program.ts";
import type { Limits, Verdict, Violation } from "../verdict.ts";
import { explainCausal } from "./explain.ts";
import { causalEdges, Graph } from "./graph.ts";
import { type Finding, findCausal, findConvergence, findMemory } from "./patterns.ts";
import { type Registers, readRegisters } from "./registers.ts";

/**
 * - `causal` (CC): every read can be explained by an order of its causal past.
 * - `causal convergence` (CCv): and by the same order of all writes everywhere, so that replicas end up equal.
 * - `causal memory` (CM): and each process by one order for all that it ever read (Ahamad et al. 1995).
 */
export type CausalLevel = "causal" | "causal convergence" | "causal memory";

export interface CausalOptions extends Limits {
  /** "causal" unless given. */
  readonly level?: CausalLevel;
  /** What a read returns before any write; null unless given. */
  readonly initial?: unknown;
}

/** Events times sessions, for the vector clocks. */
const MOST_CLOCK_ENTRIES = 60_000_000;
const DEFAULT_MAX_STEPS = 1_000_000_000;
const MOST_VIOLATIONS = 3;

/**
 * Is the history of reads, writes and swaps causally consistent? By the bad patterns of Bouajjani, Enea, Guerraoui and
 * Hamza, "On Verifying Causal Consistency" (POPL 2017): with values that are written once for each key, a history has the
 * level exactly if it has none of its patterns. The anomaly is the pattern's name there. Polynomial; times do not count,
 * only the order of each process and who read whose write.
 *
 * A history whose values are not unique may still be proven wrong; otherwise the answer is "unknown".
 *
 * @param options `maxSteps` counts entries of vector clocks for causal memory.
 */
export function checkCausal(history: History, options: CausalOptions = {}): Verdict {
  const { level = "causal", initial = null } = options;
  const problem = withoutProgramOrder(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };
  const registers = readRegisters(history, initial);
  if (typeof registers === "string") return { type: "unknown", reason: `The history cannot be judged: ${registers}.` };
  const { events, sessions } = registers;
  if (events.length * sessions.length > MOST_CLOCK_ENTRIES) {
    return { type: "unknown", reason: `${events.length} events of ${sessions.length} sessions are too many at once.` };
  }
  const found = findAll(registers, level, new Budget(options.maxSteps ?? DEFAULT_MAX_STEPS, options.isOver));
  if (found !== undefined && found.length > 0) {
    const [first, ...others] = shortest(found.map((finding) => explainCausal(history, registers, finding)));
    return { type: "illegal", violations: [first as Violation, ...others] };
  }
  if (found === undefined) return { type: "unknown", reason: "Gave up on causal memory: too many steps." };
  if (registers.ambiguous === undefined) return { type: "ok" };
  return { type: "unknown", reason: `Who read whose write cannot be told: ${registers.ambiguous}.` };
}

/** What rules out plain causality rules out the other levels, too. */
function findAll(registers: Registers, level: CausalLevel, budget: Budget): Finding[] | undefined {
  const graph = new Graph(registers.events.length, causalEdges(registers));
  const sorted = graph.sorted();
  const found = findCausal(registers, graph, sorted);
  if (found.length > 0 || level === "causal") return found;
  if (level === "causal convergence") return findConvergence(registers, graph, sorted);
  return findMemory(registers, graph, sorted, budget);
}

/** A few of each pattern, those with the fewest operations first. */
function shortest(violations: readonly Violation[]): Violation[] {
  const counts = new Map<string, number>();
  return [...violations]
    .sort((a, b) => a.operations.length - b.operations.length)
    .filter(({ anomaly }) => {
      const count = (counts.get(anomaly) ?? 0) + 1;
      counts.set(anomaly, count);
      return count <= MOST_VIOLATIONS;
    });
}
