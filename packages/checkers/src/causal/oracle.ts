import type { History, Operation } from "../history.ts";
import type { CausalLevel } from "./causal.ts";

/**
 * The definitions of causal consistency themselves (Bouajjani et al., section 3): some partial order that extends the order
 * of each process explains every read. Tries every partial order, and for each every order of what a read knows: for reads
 * and writes by a handful of operations that were all answered.
 */
export function isCausalByDefinition(history: History, level: CausalLevel, initial: unknown = null): boolean {
  const size = history.length;
  const pairs: [number, number][] = [];
  for (let a = 0; a < size; a += 1) for (let b = 0; b < size; b += 1) if (a !== b) pairs.push([a, b]);
  const order = history.map(() => 0);
  for (const [a, b] of pairs) if (isProgramOrder(history[a]!, history[b]!)) order[a]! |= 1 << b;
  const refused = history.map(() => 0);
  return someOrder(order, refused, pairs, 0, (causal) => explains(history, causal, level, initial));
}

function isProgramOrder(a: Operation, b: Operation): boolean {
  return a.process === b.process && a.call < b.call;
}

/** A transitive order: bit b of number a says that a comes before b. */
type Order = readonly number[];

function comesBefore(order: Order, a: number, b: number): boolean {
  return ((order[a]! >>> b) & 1) === 1;
}

/** Decides pair by pair whether the first comes before the second. @param refused the pairs that were decided not to. */
function someOrder(
  order: Order,
  refused: Order,
  pairs: readonly [number, number][],
  next: number,
  suits: (order: Order) => boolean,
): boolean {
  const pair = pairs[next];
  if (pair === undefined) return suits(order);
  const [a, b] = pair;
  if (comesBefore(order, a, b)) return someOrder(order, refused, pairs, next + 1, suits);
  const without = refused.with(a, refused[a]! | (1 << b));
  if (someOrder(order, without, pairs, next + 1, suits)) return true;
  if (comesBefore(order, b, a)) return false;
  // The smallest transitive order with this pair; it must not bring in others that were refused.
  const more = order.map((row, before) =>
    before === a || comesBefore(order, before, a) ? row | (1 << b) | order[b]! : row,
  );
  return (
    more.every((row, before) => (row & refused[before]!) === 0) && someOrder(more, refused, pairs, next + 1, suits)
  );
}

function explains(history: History, causal: Order, level: CausalLevel, initial: unknown): boolean {
  const all = history.map((_, index) => index);
  if (level === "causal convergence") {
    return permutations(all, causal, [], (arbitration) =>
      all.every((read) => {
        const past = arbitration.filter((other) => other === read || comesBefore(causal, other, read));
        return answers(history, past, [read], initial);
      }),
    );
  }
  return all.every((last) => {
    const past = all.filter((other) => other === last || comesBefore(causal, other, last));
    const own = past.filter((other) => other === last || isProgramOrder(history[other]!, history[last]!));
    const judged = level === "causal memory" ? own : [last];
    return permutations(past, causal, [], (sequence) => answers(history, sequence, judged, initial));
  });
}

function permutations(
  rest: readonly number[],
  causal: Order,
  sequence: readonly number[],
  suits: (sequence: readonly number[]) => boolean,
): boolean {
  if (rest.length === 0) return suits(sequence);
  return rest.some((next) => {
    if (rest.some((other) => comesBefore(causal, other, next))) return false;
    return permutations(
      rest.filter((other) => other !== next),
      causal,
      [...sequence, next],
      suits,
    );
  });
}

/** Does every judged read return the last value that was written before it in this sequence? */
function answers(history: History, sequence: readonly number[], judged: readonly number[], initial: unknown): boolean {
  const values = new Map<string, unknown>();
  for (const index of sequence) {
    const { f, key, input, output } = history[index]!;
    if (f === "write") values.set(key, input);
    else if (judged.includes(index) && output !== (values.has(key) ? values.get(key) : initial)) return false;
  }
  return true;
}
