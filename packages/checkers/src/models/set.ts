import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { hashText, shown, textOf } from "../values.ts";

/** The elements' texts, sorted, one a line. */
type SetState = string;

/**
 * A set.
 *
 * - `add`, `remove`: input the element; outputs do not matter.
 * - `contains`: input the element, output true or false.
 * - `read`: output all elements, in any order; null is none.
 */
export function set(): Model<SetState> {
  return {
    initial: "",
    step(state, operation) {
      const answered = operation.outcome === "ok";
      const element = textOf(operation.input);
      switch (operation.f) {
        case "add":
          return has(state, element) ? state : joined([...elementsOf(state), element]);
        case "remove":
          return has(state, element) ? joined(elementsOf(state).filter((other) => other !== element)) : state;
        case "contains":
          return !answered || operation.output === has(state, element) ? state : undefined;
        case "read":
          return !answered || joined(told(operation)) === state ? state : undefined;
        default:
          return undefined;
      }
    },
    equal: Object.is,
    hash: hashText,
    isRead: ({ f }) => f === "read" || f === "contains",
    precedence,
    describe: describeSet,
    describeState: (state) => shownSet(elementsOf(state)),
    subject: "the set",
  };
}

function joined(elements: readonly string[]): SetState {
  return [...elements].sort().join("\n");
}

function elementsOf(state: SetState): string[] {
  return state === "" ? [] : state.split("\n");
}

function has(state: SetState, element: string): boolean {
  return elementsOf(state).includes(element);
}

/** An element twice makes a text that no set has. */
function told({ output }: Operation): string[] {
  return Array.isArray(output) ? output.map(textOf) : output === null ? [] : ["", textOf(output)];
}

const MAX_EDGES = 1_000_000;

/** Without removals, an element that was added once was added before the reads that found it and after all others. */
function precedence(history: History): [number, number][] {
  const added = new Map<string, number | undefined>();
  for (const [place, { f, input }] of history.entries()) {
    if (f === "remove") return [];
    // Of two additions of the same element nobody knows which was first.
    if (f === "add") added.set(textOf(input), added.has(textOf(input)) ? undefined : place);
  }
  const edges: [number, number][] = [];
  for (const [place, operation] of history.entries()) {
    if (operation.outcome !== "ok") continue;
    if (edges.length > MAX_EDGES) return [];
    if (operation.f === "read") {
      const found = new Set(told(operation));
      for (const [element, add] of added) tell(edges, add, place, found.has(element));
    } else if (operation.f === "contains") {
      tell(edges, added.get(textOf(operation.input)), place, operation.output === true);
    }
  }
  return edges;
}

function tell(edges: [number, number][], add: number | undefined, read: number, found: boolean): void {
  if (add !== undefined) edges.push(found ? [add, read] : [read, add]);
}

function describeSet({ f, input, output, outcome }: Operation): string {
  const answered = outcome === "ok";
  switch (f) {
    case "read":
      return answered
        ? `read ${Array.isArray(output) ? shownSet(output.map(textOf)) : shown(output)}`
        : "asked to read";
    case "contains":
      return answered
        ? `found ${shown(input)} ${output === true ? "in it" : "not in it"}`
        : `asked for ${shown(input)}`;
    case "remove":
      return `${answered ? "removed" : "asked to remove"} ${shown(input)}`;
    default:
      return `${answered ? "added" : "asked to add"} ${shown(input)}`;
  }
}

function shownSet(elements: readonly string[]): string {
  if (elements.length <= 8) return `{${elements.join(", ")}}`;
  return `{${elements.slice(0, 7).join(", ")} and ${elements.length - 7} more}`;
}
