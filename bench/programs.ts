import { etcd, type Program, synod } from "synod/cluster-test/programs";

/**
 * The programs to compare, in the order in which each round takes its turns.
 * @param names "etcd,synod" or one of them.
 */
export function chosenPrograms(names: string): Program[] {
  // No proxy between the nodes: nothing is to be hurt here.
  return [etcd, { ...synod, links: false }].filter(({ name }) => names.split(",").includes(name));
}

/** What the second program's rate is of the first one's; nothing where only one was measured. */
export function ratio(rates: readonly number[]): string {
  return rates.length === 2 ? `${((rates[1] as number) / (rates[0] as number)).toFixed(1)}×` : "";
}
