import { decide } from "./decide.ts";
import { type History, malformed, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { type SearchLimits, search } from "./search.ts";
import { shortestPart } from "./shortest.ts";
import { interval, type Limits, type Verdict, type Violation } from "./verdict.ts";

export interface LinearizabilityOptions extends Limits {
  /** Looks at what an operation does in a state, for each partition; 5 million if it is not said. */
  readonly maxSteps?: number;
  /** Bytes for one partition's configurations, roughly; 1 GiB if it is not said. */
  readonly maxMemory?: number;
  /** Partitions that are explained at most, 10 if it is not said; the others are not told. */
  readonly maxViolations?: number;
}

const MAX_STEPS = 5_000_000;
const MAX_MEMORY = 2 ** 30;
const MAX_VIOLATIONS = 10;
/** Of each trial when a violation is made shorter: giving up there only leaves it longer. */
const STEPS_TO_SHORTEN = 50_000;

/**
 * Does the history look as if each operation had happened at one instant between its call and its return?
 * (Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects", 1990.)
 *
 * Keys are judged apart, which is sound because linearizability is local (their theorem 1) and what makes it affordable.
 */
export function checkLinearizability<State>(
  history: History,
  model: Model<State>,
  options: LinearizabilityOptions = {},
): Verdict {
  const problem = malformed(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };

  const { maxSteps = MAX_STEPS, maxMemory = MAX_MEMORY, maxViolations = MAX_VIOLATIONS } = options;
  const limits = { maxSteps, maxMemory, ...(options.isOver === undefined ? {} : { isOver: options.isOver }) };
  const gaveUp: string[] = [];
  const reached = new Set<string>();
  const violations: Violation[] = [];
  for (const operations of (model.partition ?? partitionByKey)(relevant(history, model))) {
    if (violations.length >= maxViolations) break;
    const decision = decide(operations, model, limits);
    if (decision.type === "illegal") violations.push(violationOf(operations, model, limits));
    if (decision.type !== "gaveUp") continue;
    gaveUp.push(JSON.stringify(operations[0]?.key));
    reached.add(LIMITS[decision.limit](limits));
  }
  const [first, ...others] = violations;
  if (first !== undefined) return { type: "illegal", violations: [first, ...others] };
  if (gaveUp.length === 0) return { type: "ok" };
  const keys = `${gaveUp.length === 1 ? "key" : "keys"} ${gaveUp.slice(0, 5).join(", ")}`;
  return { type: "unknown", reason: `Gave up on ${keys} ${[...reached].join(" or ")}.` };
}

const LIMITS = {
  steps: ({ maxSteps }: SearchLimits): string => `after ${maxSteps} steps each`,
  memory: ({ maxMemory }: SearchLimits): string => `with ${maxMemory} bytes of memory each`,
  time: (): string => "when time was up",
};

/** What failed changed nothing; a read that was never answered says nothing. */
function relevant<State>(history: History, model: Model<State>): History {
  return history.filter(
    (operation) => operation.outcome === "ok" || (operation.outcome === "unknown" && !model.isRead(operation)),
  );
}

export function partitionByKey(history: History): Operation[][] {
  const partitions = new Map<string, Operation[]>();
  for (const operation of history) {
    const partition = partitions.get(operation.key);
    if (partition === undefined) partitions.set(operation.key, [operation]);
    else partition.push(operation);
  }
  return [...partitions.values()];
}

function violationOf<State>(history: History, model: Model<State>, limits: SearchLimits): Violation {
  const less = { ...limits, maxSteps: Math.min(limits.maxSteps, STEPS_TO_SHORTEN) };
  const { operations, culprit } = shortestPart(history, model, less);
  const key = operations.every((operation) => operation.key === operations[0]?.key) ? operations[0]?.key : undefined;
  const { order, states } = standing(history, operations, culprit, model, less);
  return {
    anomaly: "not linearizable",
    reason: about(key) + explain(culprit, order, states, model),
    operations,
    ...(key === undefined ? {} : { key }),
    culprit,
    order,
  };
}

/** How far an order goes before the culprit, and what state that could have led to, of all the history if that can be known. */
function standing<State>(
  history: History,
  operations: History,
  culprit: Operation,
  model: Model<State>,
  limits: SearchLimits,
): { order: Operation[]; states: State[] } {
  // In the model's own words, with every state that there is.
  const { specialize: _, precedence: __, ...plain } = model;
  const part = search(operations, plain, limits);
  if (part.type !== "impossible") return { order: [], states: [] };
  const whole = search(
    history.filter(({ call }) => call <= culprit.return),
    plain,
    limits,
  );
  if (part.culprit === culprit && whole.type === "impossible" && whole.culprit === culprit) {
    return { order: part.order, states: whole.states };
  }
  if (part.culprit === culprit) return { order: part.order, states: part.states };
  // It had an effect that others saw, and an answer that denies it: an order goes as far as it.
  const reached = part.order.indexOf(culprit);
  return { order: reached < 0 ? part.order : part.order.slice(0, reached), states: [] };
}

function about(key: string | undefined): string {
  return key === undefined || key === "" ? "" : `Key ${JSON.stringify(key)}: `;
}

const RECENT = 6;

/** Everything that returned before the culprit can be put in order; the culprit can not be added to any such order. */
function explain<State>(
  culprit: Operation,
  order: readonly Operation[],
  states: readonly State[],
  model: Model<State>,
): string {
  const tell = (operation: Operation): string =>
    `process ${operation.process} ${model.describe(operation)} (${interval(operation)})`;
  const subject = model.subject ?? "the value";
  const possible = states.map((state) => model.describeState(state)).join(" or ");
  const contradiction = `by then ${subject} could only be ${possible}`;
  const stood = `${tell(culprit)}, but ${states.length > 0 ? contradiction : "no order explains that with what others were told"}`;
  if (order.length === 0) return `${stood}: nothing had happened before.`;
  const left = order.length > RECENT ? `${order.length - RECENT} more; ` : "";
  return `${stood}. Before it came ${left}${order.slice(-RECENT).map(tell).join("; ")}.`;
}
