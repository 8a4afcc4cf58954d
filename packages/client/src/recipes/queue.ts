import { type Bytes, toBytes, toText, withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { KeyValue } from "../messages/common.ts";
import type { RangeOptions } from "../messages/kv.ts";
import type { Compare, OperationResult } from "../messages/txn.ts";
import { compare, op } from "../txn.ts";
import { abortError } from "../wait.ts";
import type { Session } from "./session.ts";

/** One who waits, or holds: a key whose create revision is its number in the queue. */
export interface Ticket {
  readonly key: string;
  /** The revision at which the key was made: higher than every earlier ticket's, and never given twice. */
  readonly token: number;
}

/**
 * What somebody waits for, given who came before: nothing, one key to vanish, or any change among those before.
 * @param ahead oldest first.
 */
export type Rule = (ahead: readonly KeyValue[]) => undefined | { key: Uint8Array } | "any";

/** The end of a watch may be silent for long (a stopped server behind a proxy): look again by ourselves this often. */
const LOOK_AGAIN = 15_000;

const eldestFirst: RangeOptions = { orderBy: "createRevision", order: "ascending", keysOnly: true };

/** `<prefix><lease in hex>`, as etcd's own locks and elections have it. @param kind before the lease, where there are several */
export function keyOf(prefix: string, session: Session, kind: "" | "read-" | "write-" = ""): string {
  return `${prefix}${kind}${session.lease.id.toString(16)}`;
}

/** Holds as long as the ticket's key is the one that it was given for: the condition that protects what a holder writes. */
export function guardOf({ key, token }: Ticket): Compare {
  return compare.createRevision(key, "=", token);
}

/**
 * Takes a number in the queue: first come, first served, by the store's revision. All tickets lie directly below `prefix`;
 * keys deeper down belong to others. Asking again after silence finds the ticket that was taken.
 * @returns the ticket and who came before. @throws SynodError
 */
export async function join(
  session: Session,
  prefix: string,
  key: string,
  value: Bytes,
  signal?: AbortSignal,
): Promise<{ ticket: Ticket; ahead: readonly KeyValue[]; revision: number }> {
  const everybody = op.get(withPrefix(prefix), eldestFirst);
  const answer = await session.insist(
    () =>
      session.store
        .txn()
        .when(compare.createRevision(key, "=", 0))
        .do(op.put(key, value, { lease: session.lease.id }), everybody)
        .else(op.get(key, { keysOnly: true }), everybody)
        .commit(),
    signal,
  );
  const [first, all] = answer.responses as [OperationResult, OperationResult];
  const token = first.type === "range" ? (first.kvs[0]?.createRevision ?? 0) : answer.header.revision;
  const kvs = all.type === "range" ? all.kvs : [];
  return { ticket: { key, token }, ahead: before(kvs, prefix, token), revision: answer.header.revision };
}

/**
 * Waits until the rule lets the ticket in, and then asks the store once more whether the ticket is still there: whoever waited
 * may have lost it meanwhile, and must not come in. @throws SynodError "lost", "aborted"
 */
export async function awaitTurn(
  session: Session,
  prefix: string,
  joined: { ticket: Ticket; ahead: readonly KeyValue[]; revision: number },
  rule: Rule,
  signal?: AbortSignal,
): Promise<void> {
  const { ticket } = joined;
  let { ahead, revision } = joined;
  for (;;) {
    const blocking = rule(ahead);
    if (blocking === undefined) return;
    await oneGone(session, prefix, { ahead, revision, blocking, rule }, signal);
    const options = { ...eldestFirst, maxCreateRevision: ticket.token };
    const found = await session.insist(() => session.store.range(withPrefix(prefix), options), signal);
    const own = found.kvs.at(-1);
    if (own?.keyText !== ticket.key || own.createRevision !== ticket.token)
      throw new SynodError("lost", `${session.what}: the place in the queue was lost while waiting`);
    ahead = before(found.kvs, prefix, ticket.token);
    revision = found.header.revision;
  }
}

interface Waiting {
  readonly ahead: readonly KeyValue[];
  readonly revision: number;
  readonly blocking: { key: Uint8Array } | "any";
  readonly rule: Rule;
}

/** Returns when it is worth looking again. */
async function oneGone(session: Session, prefix: string, waiting: Waiting, signal?: AbortSignal): Promise<void> {
  const { blocking, rule } = waiting;
  const either = session.either(signal);
  if (either.aborted) throw abortError(either, session.what);
  const enough = AbortSignal.timeout(LOOK_AGAIN);
  const watch = session.store.watch(blocking === "any" ? withPrefix(prefix) : blocking.key, {
    startRevision: waiting.revision + 1,
    only: "deletes",
    signal: AbortSignal.any([either, enough]),
  });
  let ahead = waiting.ahead;
  try {
    for await (const { events } of watch) {
      const gone = new Set(events.map(({ kv }) => kv.keyText));
      ahead = ahead.filter(({ keyText }) => !gone.has(keyText));
      if (blocking !== "any" || rule(ahead) === undefined) return;
    }
  } catch (error) {
    if (either.aborted) throw abortError(either, session.what);
    const look = enough.aborted || (error instanceof SynodError && error.code === "compacted");
    if (!look) throw error;
  }
}

/** Tickets of this queue, and older than `token`. */
function before(kvs: readonly KeyValue[], prefix: string, token: number): KeyValue[] {
  return kvs.filter((kv) => kv.createRevision < token && isTicket(kv, prefix));
}

/** Whether the key lies directly below the prefix, as a ticket does: deeper down are those of other names. */
export function isTicket({ key }: KeyValue, prefix: string): boolean {
  return /^(?:read-|write-)?[0-9a-f]+$/.test(toText(key.subarray(toBytes(prefix).length)));
}
