/** A broken invariant is a bug, and a stopped node is better than a wrong one. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`store model: ${message}`);
}
