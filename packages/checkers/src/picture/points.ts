import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";

/** An operation's place in the order that was found. */
export interface Point {
  readonly operation: Operation;
  /** 1 for the first. */
  readonly number: number;
  /** The object's state before and after, for a person; undefined where no model was given. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** @returns by `identityOf` the operation. */
export function pointsOf(order: History, object: Model<unknown> | undefined): Map<string, Point> {
  const points = new Map<string, Point>();
  let state = object?.initial;
  let known = object !== undefined;
  for (const [index, operation] of order.entries()) {
    const before = known ? state : undefined;
    if (known) {
      state = object?.step(before, operation);
      known = state !== undefined; // an order of another model, which this one cannot follow
    }
    const tell = (value: unknown): string | undefined => (known ? object?.describeState(value) : undefined);
    points.set(identityOf(operation), { operation, number: index + 1, before: tell(before), after: tell(state) });
  }
  return points;
}

/** The same for copies of an operation: a checker may have made its own. */
export function identityOf({ process, call, f, key }: Operation): string {
  return `${process} ${call} ${f} ${key}`;
}
