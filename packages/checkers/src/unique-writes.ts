import type { History, Operation } from "./history.ts";
import type { Model, RegisterOperation } from "./model.ts";
import { textOf } from "./values.ts";

/**
 * Registers of which every value was written at most once, in O(n log n): Gibbons and Korach, "Testing Shared Memories"
 * (1997), theorem 4.2, with compare-and-sets. Exact, also with operations of unknown outcome: one of those happened for
 * certain if somebody saw its value, and may be left out if nobody did.
 *
 * A write and the reads of its value are a cluster: nothing else can lie between them. A compare-and-set ties the cluster of
 * the value it found to that of the value it wrote; clusters tied together are a block. What remains is to order blocks.
 *
 * @param history no failed operations, no unanswered reads.
 * @returns undefined if a value was written twice or some operation is none of a register's.
 */
export function judgeUniqueWrites<State>(history: History, model: Model<State>): "ok" | "illegal" | undefined {
  if (model.asRegister === undefined) return undefined;
  const clusters = new Map<string, Cluster>();
  clusters.set(textOf(model.initial), {
    writer: BEFORE_ALL,
    happened: true,
    reads: [],
    swap: undefined,
    from: undefined,
  });
  const seen: { operation: Operation; asked: RegisterOperation }[] = [];
  for (const operation of history) {
    const asked = model.asRegister(operation);
    if (asked === undefined) return undefined;
    seen.push({ operation, asked });
    if (asked.type === "read") continue;
    const value = textOf(asked.type === "cas" ? asked.to : asked.value);
    if (clusters.has(value)) return undefined;
    const from = asked.type === "cas" ? textOf(asked.from) : undefined;
    clusters.set(value, { writer: operation, happened: operation.outcome === "ok", reads: [], swap: undefined, from });
  }
  for (const { operation, asked } of seen) {
    if (asked.type !== "read") continue;
    const cluster = clusters.get(textOf(asked.value));
    if (cluster === undefined) return "illegal";
    cluster.reads.push(operation);
  }
  return tie(clusters) && canBeOrdered(blocksOf(clusters)) ? "ok" : "illegal";
}

interface Cluster {
  readonly writer: Span;
  /** Known for certain. */
  happened: boolean;
  readonly reads: Span[];
  /** The cluster whose writer is a compare-and-set that found this value. */
  swap: Cluster | undefined;
  /** The value that the writer found, if it is a compare-and-set. */
  readonly from: string | undefined;
}

type Span = Pick<Operation, "call" | "return">;

const BEFORE_ALL: Span = { call: Number.NEGATIVE_INFINITY, return: Number.NEGATIVE_INFINITY };

/** Finds out which unknown writes happened, and what follows what. @returns false if a value was found twice, or by nobody written. */
function tie(clusters: ReadonlyMap<string, Cluster>): boolean {
  const certain = [...clusters.values()].filter(({ happened, reads }) => happened || reads.length > 0);
  const visited = new Set<Cluster>();
  for (let cluster = certain.pop(); cluster !== undefined; cluster = certain.pop()) {
    if (visited.has(cluster)) continue;
    visited.add(cluster);
    cluster.happened = true;
    if (cluster.from === undefined) continue;
    const found = clusters.get(cluster.from);
    if (found === undefined || found.swap !== undefined) return false;
    found.swap = cluster;
    certain.push(found);
  }
  // In a ring of compare-and-sets each would have to be first.
  const first = [...visited].filter(({ from }) => from === undefined);
  let reached = 0;
  for (const start of first) for (let at: Cluster | undefined = start; at !== undefined; at = at.swap) reached += 1;
  return reached === visited.size;
}

/** Everything in a block that has to be contiguous: when the first of it returned, when the last of it was called. */
interface Block {
  readonly firstReturn: number;
  readonly lastCall: number;
  /** Its own order agrees with time. */
  readonly fits: boolean;
}

function blocksOf(clusters: ReadonlyMap<string, Cluster>): Block[] {
  const blocks: Block[] = [];
  for (const start of clusters.values()) {
    if (!start.happened || start.from !== undefined) continue;
    let firstReturn = Number.POSITIVE_INFINITY;
    let lastCall = Number.NEGATIVE_INFINITY;
    let fits = true;
    const follow = (span: Span): void => {
      fits &&= span.return >= lastCall;
      firstReturn = Math.min(firstReturn, span.return);
    };
    for (let cluster: Cluster | undefined = start; cluster !== undefined; cluster = cluster.swap) {
      follow(cluster.writer);
      lastCall = Math.max(lastCall, cluster.writer.call);
      // Reads of one value may be in any order among each other.
      for (const read of cluster.reads) follow(read);
      for (const read of cluster.reads) lastCall = Math.max(lastCall, read.call);
    }
    blocks.push({ firstReturn, lastCall, fits });
  }
  return blocks;
}

/**
 * One block comes before another if something of it returned before something of the other was called. If no two come before
 * each other there is an order: in a longer ring, the block that was called last comes after all others.
 */
function canBeOrdered(blocks: readonly Block[]): boolean {
  if (blocks.some(({ fits }) => !fits)) return false;
  const forward = blocks.filter((block) => block.firstReturn < block.lastCall);
  forward.sort((a, b) => a.firstReturn - b.firstReturn);
  for (const [index, block] of forward.entries()) {
    const before = forward[index - 1];
    if (before !== undefined && block.firstReturn < before.lastCall) return false;
  }
  const backward = blocks.filter((block) => block.firstReturn >= block.lastCall);
  return backward.every((block) => {
    const around = forward[countBelow(forward, block.lastCall) - 1];
    return around === undefined || block.firstReturn >= around.lastCall;
  });
}

/** How many of the blocks, which are sorted by it, have a first return below `time`. */
function countBelow(blocks: readonly Block[], time: number): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((blocks[middle] as Block).firstReturn < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
