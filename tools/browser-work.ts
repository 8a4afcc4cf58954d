/** What Node and a browser both run, to compare every bit of what comes out. Pure, as all that it imports. */
import { Random } from "@synod/protocols/random";
import { simulate } from "@synod/simulator/simulate";
import { StoreModel } from "@synod/store/model/store";

/** A run by its name, and all that it came to as text. */
export type Outcomes = Record<string, string>;

const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** @param watched with somebody who looks at every event, which must change nothing. */
export function work(watched: boolean): Outcomes {
  const outcomes: Outcomes = { store: String(storeHash(20_000)) };
  for (const seed of seeds) {
    let seen = 0;
    const observer = (): void => {
      seen++;
    };
    const result = simulate(watched ? { seed, observer } : { seed });
    if (watched && seen !== result.events) throw new Error(`${result.events} events and ${seen} were shown`);
    outcomes[`seed ${seed}`] = JSON.stringify(result);
  }
  return outcomes;
}

/** The state of a store after so many random operations. */
function storeHash(operations: number): number {
  const model = new StoreModel();
  const random = new Random("the same everywhere");
  const bytes = (): Uint8Array => Uint8Array.from({ length: 1 + random.below(3) }, () => random.below(4) * 85);
  for (let time = 1; time <= operations; time++) {
    const key = bytes();
    if (random.below(5) === 0) model.deleteRange({ key, rangeEnd: bytes() }, time);
    else model.put({ key, value: bytes() }, time);
    if (time % 1000 === 0) model.compact(model.revision - 100, time);
  }
  return model.hash();
}
