import type { ConsistencyModel } from "../models.ts";

/** What of the log of committed transactions a transaction sees when it begins. */
export interface Sight {
  /** Committed so far. */
  readonly log: readonly { readonly keys: readonly string[]; readonly sees: ReadonlySet<number> }[];
  /** How much of the log this client certainly saw or wrote before. */
  readonly floor: number;
  readonly draw: (below: number) => number;
}

/** How a database keeps one promise and no stronger one, as far as its clients can provoke it. */
export interface IsolationLevel {
  readonly model: ConsistencyModel;
  /** Places in the log, chosen at the beginning; "latest" for whatever is committed when each read runs, "dirty" for more. */
  readonly sees: "latest" | "dirty" | ((sight: Sight) => ReadonlySet<number>);
  /** A key is written by one running transaction at a time. */
  readonly locks: boolean;
  /** Who must not commit: whose written keys, or also whose read keys, were written by somebody whom it did not see. */
  readonly conflicts: "none" | "writes" | "reads and writes";
  /** May a transaction read a list that it has itself appended to? Only if it is certain to see what went before. */
  readonly readsOwnLists: boolean;
}

function prefix(length: number): ReadonlySet<number> {
  return new Set(Array.from({ length }, (_, place) => place));
}

const anyPrefix = ({ log, draw }: Sight): ReadonlySet<number> => prefix(Math.max(0, log.length - draw(4)));
const sessionPrefix = ({ log, floor, draw }: Sight): ReadonlySet<number> =>
  prefix(Math.max(floor, log.length - draw(4)));
const wholeLog = ({ log }: Sight): ReadonlySet<number> => prefix(log.length);

/** Some transactions, each whole, and with each whatever it needs. */
function someOf({ log, draw }: Sight, isCausal: boolean): ReadonlySet<number> {
  const sees = new Set([...log.keys()].filter(() => draw(3) > 0));
  for (const place of sees) {
    const { keys, sees: seen } = log[place]!;
    if (isCausal) for (const other of seen) sees.add(other);
    // A list shows all that was appended before.
    for (let before = 0; before < place; before += 1) {
      if (log[before]!.keys.some((key) => keys.includes(key))) sees.add(before);
    }
  }
  return sees;
}

const atomic = (sight: Sight): ReadonlySet<number> => someOf(sight, false);
const causal = (sight: Sight): ReadonlySet<number> => someOf(sight, true);

const buffered = { locks: false, conflicts: "none", readsOwnLists: false } as const;
const firstCommitterWins = { locks: false, conflicts: "writes", readsOwnLists: true } as const;
const validated = { locks: false, conflicts: "reads and writes", readsOwnLists: true } as const;

export const ISOLATION_LEVELS: readonly IsolationLevel[] = [
  { model: "strong-read-uncommitted", sees: "dirty", locks: true, conflicts: "none", readsOwnLists: true },
  { model: "strong-read-committed", sees: "latest", locks: true, conflicts: "none", readsOwnLists: true },
  { model: "read-atomic", sees: atomic, ...buffered },
  { model: "causal", sees: causal, ...buffered },
  { model: "prefix", sees: anyPrefix, ...buffered },
  { model: "parallel-snapshot-isolation", sees: causal, ...firstCommitterWins },
  { model: "snapshot-isolation", sees: anyPrefix, ...firstCommitterWins },
  { model: "strong-session-snapshot-isolation", sees: sessionPrefix, ...firstCommitterWins },
  { model: "strong-snapshot-isolation", sees: wholeLog, ...firstCommitterWins },
  { model: "serializable", sees: anyPrefix, ...validated },
  { model: "strong-session-serializable", sees: sessionPrefix, ...validated },
  { model: "strict-serializable", sees: wholeLog, ...validated },
];
