/** Assertions stay on in production: a broken invariant is a bug, and a stopped node is better than a wrong one. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: boolean, message = "an invariant does not hold"): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The `default` of every switch over a union: a new case breaks the build until it is handled. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected case: ${JSON.stringify(value)}`);
}
