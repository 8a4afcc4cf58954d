import type { History, Operation } from "../../history.ts";
import type { MicroOperation } from "../micro-operations.ts";

/** The models whose definition is tried out here, with what each asks for. */
interface Definition {
  /** What of the order of transactions must be kept. */
  readonly order: "none" | "process" | "realtime";
  /** What a transaction may read: what came before it, a prefix of that, or some of it closed under what others saw. */
  readonly reads: "all before" | "prefix" | "causal" | "atomic";
  /** Does nobody overwrite what it did not see? */
  readonly seesOverwritten: boolean;
}

export const DEFINITIONS: Readonly<Record<string, Definition>> = {
  "read-atomic": { order: "none", reads: "atomic", seesOverwritten: false },
  causal: { order: "none", reads: "causal", seesOverwritten: false },
  "parallel-snapshot-isolation": { order: "none", reads: "causal", seesOverwritten: true },
  prefix: { order: "none", reads: "prefix", seesOverwritten: false },
  "snapshot-isolation": { order: "none", reads: "prefix", seesOverwritten: true },
  "strong-session-snapshot-isolation": { order: "process", reads: "prefix", seesOverwritten: true },
  "strong-snapshot-isolation": { order: "realtime", reads: "prefix", seesOverwritten: true },
  serializable: { order: "none", reads: "all before", seesOverwritten: true },
  "strong-session-serializable": { order: "process", reads: "all before", seesOverwritten: true },
  "strict-serializable": { order: "realtime", reads: "all before", seesOverwritten: true },
};

/** A transaction in its place, and the places that it saw. */
interface Placed {
  readonly operation: Operation;
  readonly sees: ReadonlySet<number>;
}

/**
 * The definitions themselves, as orders of commit and sets of what was visible (Cerone, Bernardi, Gotsman 2015): tries all
 * orders of the answered and any of the unanswered transactions. For half a dozen of them at most.
 */
export function satisfies(history: History, model: string): boolean {
  const definition = DEFINITIONS[model];
  if (definition === undefined) throw new RangeError(`no definition of ${model}`);
  const relevant = history.filter(({ outcome }) => outcome !== "fail");
  return place([], relevant, definition);
}

function place(placed: readonly Placed[], rest: History, definition: Definition): boolean {
  if (rest.every(({ outcome }) => outcome === "unknown")) return true;
  return rest.some((candidate) => {
    if (rest.some((other) => precedes(other, candidate, definition))) return false;
    const others = rest.filter((other) => other !== candidate);
    return sights(placed, candidate, definition).some(
      (sees) =>
        explains(placed, sees, candidate) && place([...placed, { operation: candidate, sees }], others, definition),
    );
  });
}

function precedes(a: Operation, b: Operation, { order }: Definition): boolean {
  if (order === "none" || a === b || a.outcome !== "ok") return false;
  if (a.process === b.process && a.return <= b.call && a.call < b.call) return true;
  return order === "realtime" && a.return < b.call;
}

/** What the candidate may have seen if it comes next. */
function sights(placed: readonly Placed[], candidate: Operation, definition: Definition): ReadonlySet<number>[] {
  const all = new Set(placed.keys());
  if (definition.reads === "all before") return [all];
  const overwritten = definition.seesOverwritten ? overwrittenBy(placed, candidate) : [];
  if (definition.reads === "prefix") {
    let least = Math.max(0, ...overwritten.map((other) => other + 1));
    for (const [other, { operation, sees }] of placed.entries()) {
      if (!precedes(operation, candidate, definition)) continue;
      least = Math.max(least, sees.size, writes(operation).size > 0 ? other + 1 : 0);
    }
    const lengths = Array.from({ length: placed.length - least + 1 }, (_, extra) => least + extra);
    return lengths.map((length) => new Set(Array.from({ length }, (_, other) => other)));
  }
  // Seeing less is never worse here, so the least that explains the reads is all there is to try.
  const sees = new Set([...overwritten, ...readFrom(placed, candidate)]);
  if (definition.reads === "causal") for (const other of sees) for (const more of placed[other]!.sees) sees.add(more);
  return [sees];
}

function overwrittenBy(placed: readonly Placed[], candidate: Operation): number[] {
  const keys = writes(candidate);
  return [...placed.keys()].filter((other) => [...writes(placed[other]!.operation)].some((key) => keys.has(key)));
}

/** Registers: the transactions that wrote what the candidate read. */
function readFrom(placed: readonly Placed[], candidate: Operation): number[] {
  const reads = stepsOf(candidate).filter(([verb, , value]) => verb === "r" && value !== null);
  return [...placed.keys()].filter((other) =>
    stepsOf(placed[other]!.operation).some(
      ([verb, key, value]) => verb === "w" && reads.some((read) => read[1] === key && read[2] === value),
    ),
  );
}

/** Do its reads return what it saw and what it did itself? */
function explains(placed: readonly Placed[], sees: ReadonlySet<number>, candidate: Operation): boolean {
  if (candidate.outcome !== "ok") return true;
  const state = new Map<string | number, unknown>();
  for (const [other, { operation }] of placed.entries()) {
    if (sees.has(other)) for (const step of stepsOf(operation)) apply(state, step);
  }
  return stepsOf(candidate).every((step) => {
    const [verb, key, value] = step;
    if (verb !== "r") return apply(state, step);
    return (
      JSON.stringify(state.get(key) ?? null) ===
      JSON.stringify(Array.isArray(value) && value.length === 0 ? null : value)
    );
  });
}

function apply(state: Map<string | number, unknown>, [verb, key, value]: MicroOperation): true {
  if (verb === "w") state.set(key, value);
  if (verb === "append") state.set(key, [...((state.get(key) as unknown[] | undefined) ?? []), value]);
  return true;
}

function writes(operation: Operation): ReadonlySet<string | number> {
  return new Set(stepsOf(operation).flatMap(([verb, key]) => (verb === "r" ? [] : [key])));
}

function stepsOf(operation: Operation): readonly MicroOperation[] {
  return (operation.outcome === "ok" ? operation.output : operation.input) as readonly MicroOperation[];
}
