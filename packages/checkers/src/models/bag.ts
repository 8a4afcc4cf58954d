import type { Model } from "../model.ts";
import { hashText, textOf } from "../values.ts";
import { describeQueue } from "./queue.ts";

/** What may be in the bag: each possibility its elements' texts, sorted; all of them sorted. More than one after a lost dequeue. */
type BagState = readonly string[];

/**
 * A queue that promises no order, but every element once.
 *
 * - `enqueue`: input the element; the output does not matter.
 * - `dequeue`: output some element, which is taken out; null says that there was none.
 */
export function bag(): Model<BagState> {
  return {
    initial: [""],
    step(state, { f, input, output, outcome }) {
      if (f === "enqueue") return distinct(state.map((bag) => joined([...elementsOf(bag), textOf(input)])));
      if (f !== "dequeue") return undefined;
      if (outcome !== "ok") return distinct(state.flatMap(withoutAny));
      const after =
        output === null ? state.filter((bag) => bag === "") : state.flatMap((bag) => without(bag, textOf(output)));
      return after.length === 0 ? undefined : distinct(after);
    },
    equal: (a, b) => a.length === b.length && a.every((bag, index) => bag === b[index]),
    hash: (state) => hashText(state.join("\n\n")),
    isRead: ({ f, outcome, output }) => f === "dequeue" && outcome === "ok" && output === null,
    describe: describeQueue,
    describeState: (state) => state.map((bag) => `{${elementsOf(bag).join(", ")}}`).join(" or "),
    subject: "the bag",
  };
}

function elementsOf(bag: string): string[] {
  return bag === "" ? [] : bag.split("\n");
}

function joined(elements: readonly string[]): string {
  return [...elements].sort().join("\n");
}

function distinct(bags: readonly string[]): BagState {
  return [...new Set(bags)].sort();
}

function without(bag: string, element: string): string[] {
  const elements = elementsOf(bag);
  const place = elements.indexOf(element);
  return place < 0 ? [] : [joined(elements.toSpliced(place, 1))];
}

/** Whatever it was that nobody was told; of an empty bag nothing. */
function withoutAny(bag: string): string[] {
  return bag === "" ? [bag] : elementsOf(bag).flatMap((element) => without(bag, element));
}
