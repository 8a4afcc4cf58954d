/**
 * Which anomaly rules out which consistency models, and which models imply which.
 *
 * Sources: Adya, "Weak Consistency" (1999): PL-1, PL-2, PL-2+, PL-2.99, PL-3, PL-SI, PL-SS. Bailis et al., "Highly
 * Available Transactions" (2014): the lattice. Cerone, Bernardi, Gotsman, "A Framework for Transactional Consistency
 * Models with Atomic Visibility" (2015) and Cerone, Gotsman, "Analysing Snapshot Isolation" (2016): read atomic, causal,
 * prefix, parallel snapshot isolation; snapshot isolation forbids every cycle without two adjacent rw edges.
 * Daudjee, Salem (2004, 2006): the strong session forms.
 */

/** Each model, weakest first, with the weaker ones that it implies directly. */
const implies = {
  "read-uncommitted": [],
  "strong-session-read-uncommitted": ["read-uncommitted"],
  "strong-read-uncommitted": ["strong-session-read-uncommitted"],
  "read-committed": ["read-uncommitted"],
  "strong-session-read-committed": ["read-committed", "strong-session-read-uncommitted"],
  "strong-read-committed": ["strong-session-read-committed", "strong-read-uncommitted"],
  "monotonic-atomic-view": ["read-committed"],
  "read-atomic": ["monotonic-atomic-view"],
  causal: ["read-atomic"],
  prefix: ["causal"],
  "cursor-stability": ["read-committed"],
  "consistent-view": ["cursor-stability"],
  "parallel-snapshot-isolation": ["causal", "cursor-stability"],
  "snapshot-isolation": ["prefix", "parallel-snapshot-isolation", "consistent-view"],
  "strong-session-snapshot-isolation": ["snapshot-isolation", "strong-session-read-committed"],
  "strong-snapshot-isolation": ["strong-session-snapshot-isolation", "strong-read-committed"],
  "repeatable-read": ["cursor-stability", "monotonic-atomic-view"],
  serializable: ["repeatable-read", "snapshot-isolation"],
  "strong-session-serializable": ["serializable", "strong-session-snapshot-isolation"],
  "strict-serializable": ["strong-session-serializable", "strong-snapshot-isolation"],
} as const;

export type ConsistencyModel = keyof typeof implies;

/** Weakest first: no model comes before one that it implies. */
export const MODELS: readonly ConsistencyModel[] = Object.keys(implies) as ConsistencyModel[];

export function isModel(name: string): name is ConsistencyModel {
  return Object.hasOwn(implies, name);
}

/** The model itself and all that it implies. */
export function impliedBy(model: ConsistencyModel): readonly ConsistencyModel[] {
  const found = new Set<ConsistencyModel>([model]);
  for (const next of found) for (const weaker of implies[next]) found.add(weaker);
  return MODELS.filter((candidate) => found.has(candidate));
}

/**
 * What rules out what: the weakest models that forbid it. An anomaly's name as it is reported is also its rule, but for a
 * few cycles that prove more or less than their name says.
 */
const forbiddenBy: Readonly<Record<string, readonly ConsistencyModel[]>> = {
  // Not even dirty reads and writes explain a value from nowhere, twice the same element, or versions in a circle.
  "garbage read": ["read-uncommitted"],
  "duplicate elements": ["read-uncommitted"],
  "cyclic versions": ["read-uncommitted"],
  "cyclic versions-process": ["strong-session-snapshot-isolation"],
  "cyclic versions-realtime": ["strong-snapshot-isolation"],
  G0: ["read-uncommitted"],
  "G0-process": ["strong-session-read-uncommitted"],
  "G0-realtime": ["strong-read-uncommitted"],
  G1a: ["read-committed"],
  G1b: ["read-committed"],
  G1c: ["read-committed"],
  "G1c-process": ["strong-session-read-committed"],
  "G1c-realtime": ["strong-read-committed"],
  "incompatible order": ["read-committed"],
  "dirty update": ["read-committed"],
  "future read": ["read-committed"],
  internal: ["read-atomic"],
  "fractured read": ["read-atomic"],
  "causality violation": ["causal"],
  "long fork": ["prefix"],
  "lost update": ["cursor-stability"],
  "G-single": ["consistent-view", "parallel-snapshot-isolation", "repeatable-read"],
  "G-single-process": ["strong-session-snapshot-isolation"],
  "G-single-realtime": ["strong-snapshot-isolation"],
  "G-nonadjacent": ["snapshot-isolation", "repeatable-read"],
  "G-nonadjacent-process": ["strong-session-snapshot-isolation"],
  "G-nonadjacent-realtime": ["strong-snapshot-isolation"],
  "G2-item": ["repeatable-read"],
  "G2-item-process": ["strong-session-serializable"],
  "G2-item-realtime": ["strict-serializable"],
};

/** @returns every model that cannot hold where these were found, weakest first. */
export function ruledOut(rules: Iterable<string>): readonly ConsistencyModel[] {
  const out = new Set<ConsistencyModel>();
  for (const rule of rules) for (const model of forbiddenBy[rule] ?? []) out.add(model);
  return MODELS.filter((model) => impliedBy(model).some((weaker) => out.has(weaker)));
}

/** @returns those of the models that imply no other of them. */
export function weakestOf(models: readonly ConsistencyModel[]): readonly ConsistencyModel[] {
  return models.filter((model) => !impliedBy(model).some((weaker) => weaker !== model && models.includes(weaker)));
}

/** @returns those of the models that no other of them implies. */
export function strongestOf(models: readonly ConsistencyModel[]): readonly ConsistencyModel[] {
  return models.filter((model) => !models.some((other) => other !== model && impliedBy(other).includes(model)));
}
