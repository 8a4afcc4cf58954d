/** A read of a list and what it found: the places in the history of the operations that put the elements there. */
export interface ListRead {
  readonly read: number;
  readonly elements: readonly number[];
}

/**
 * What reads of append-only lists tell of the order of the appends, if no element can have come from two operations: each
 * element comes before the next, the last before the read, and the read before what a longer read found after it.
 * (The idea is Elle's: Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", 2020.)
 *
 * Reads that contradict each other yield a cycle, in which no operation can ever be the next.
 */
export function appendOrder(reads: readonly ListRead[]): [before: number, after: number][] {
  const followers = new Map<number, Set<number>>();
  for (const { elements } of reads) {
    for (let place = 0; place + 1 < elements.length; place += 1) {
      const follower = elements[place + 1] as number;
      const known = followers.get(elements[place] as number);
      if (known === undefined) followers.set(elements[place] as number, new Set([follower]));
      else known.add(follower);
    }
  }
  const edges: [number, number][] = [];
  for (const [before, after] of followers) for (const one of after) edges.push([before, one]);
  for (const { read, elements } of reads) {
    const last = elements.at(-1);
    if (last === undefined) continue;
    edges.push([last, read]);
    for (const after of followers.get(last) ?? []) edges.push([read, after]);
  }
  return edges;
}

/**
 * Takes texts apart into the pieces that they were appended from.
 * @returns undefined if that could be done in more than one way: a piece is repeated, or another's beginning.
 */
export function textSplitter(
  pieces: ReadonlyMap<string, number>,
): ((text: string) => number[] | undefined) | undefined {
  const sorted = [...pieces.keys()].sort();
  if (sorted.some((piece, index) => piece === "" || sorted[index + 1]?.startsWith(piece))) return undefined;
  const lengths = [...new Set(sorted.map((piece) => piece.length))];
  return (text) => {
    const elements: number[] = [];
    for (let at = 0; at < text.length; ) {
      const length = lengths.find((length) => pieces.has(text.slice(at, at + length)));
      const element = length === undefined ? undefined : pieces.get(text.slice(at, at + length));
      if (element === undefined) return undefined;
      elements.push(element);
      at += length ?? 0;
    }
    return elements;
  };
}
