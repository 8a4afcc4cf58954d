/** What `synod check --target` may be told by name; apart from what does it, which every other command would load, too. */

export const FAULTS = ["kill", "pause", "partition", "disk", "clock", "membership"] as const;
export type FaultName = (typeof FAULTS)[number];

export const WORKLOADS = ["register", "transactions", "list-append", "locks"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/**
 * How often each key is asked for. `uniform`: ten keys alike. `zipf`: a hundred, the n-th as often as the first divided by n.
 * `conflict`: everybody wants the same two.
 */
export const DISTRIBUTIONS = ["uniform", "zipf", "conflict"] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];
