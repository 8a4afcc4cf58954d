import type { Random } from "@synod/protocols/random";
import type { Cluster } from "../cluster/cluster.ts";

/** Something that is wrong now, until it is healed. */
export interface Injury {
  /** Who suffers what: "n1 killed", "n1 | n2 n3". */
  readonly about: string;
  heal(): Promise<void>;
}

/** Does harm to a cluster that has none. @returns undefined if there was nothing to harm. */
export type Harm = (cluster: Cluster, random: Random) => Promise<Injury | undefined>;

/** The nodes' names, for a person. */
export function names(nodes: readonly { readonly plan: { readonly name: string } }[]): string {
  return nodes.map(({ plan }) => plan.name).join(" ");
}

export function pick<Value>(values: readonly Value[], random: Random): Value {
  return values[random.below(values.length)] as Value;
}

/** In another order. */
export function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const left = [...values];
  const order: Value[] = [];
  while (left.length > 0) order.push(...left.splice(random.below(left.length), 1));
  return order;
}
