/** One turn at something that at most `limit` may hold: from the moment that acquiring returned until releasing was begun. */
export interface Turn {
  readonly who: string;
  readonly token: number;
  /** Milliseconds of one clock. */
  readonly from: number;
  readonly to: number;
  /** Turns of this kind may overlap each other without limit, but no other kind. */
  readonly shared?: boolean;
}

/**
 * Judges a history by what its holders saw: never more than `limit` at once, and tokens that rise in the order in which turns
 * began.
 * @returns what is wrong; undefined: nothing
 */
export function judgeExclusion(history: readonly Turn[], limit = 1): string | undefined {
  const turns = history.toSorted((a, b) => a.from - b.from);
  for (const [index, turn] of turns.entries()) {
    const earlier = turns.slice(0, index);
    const beside = earlier.filter(({ to, shared }) => to > turn.from && !(shared === true && turn.shared === true));
    if (beside.length >= limit) return `${turn.who} came in beside ${beside.map(({ who }) => who).join(", ")}`;
    const later = earlier.find(({ token, shared }) => token >= turn.token && shared !== true && turn.shared !== true);
    if (limit === 1 && later !== undefined)
      return `${turn.who} has token ${turn.token}, ${later.who} before it had ${later.token}`;
  }
  return undefined;
}
