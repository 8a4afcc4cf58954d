import { type Bytes, type KeyRange, toBytes, toRange } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { KeyValue } from "../messages/common.ts";
import type { WatchEvent } from "../messages/watch.ts";
import type { StoreApi } from "../store-api.ts";
import { insist } from "./session.ts";

/** All keys of a range as they were at one revision. */
export interface View {
  /** By `keyName`. */
  readonly keys: ReadonlyMap<string, KeyValue>;
  /** The state is that of this revision. */
  readonly revision: number;
  /** What led here from the view before; undefined: it was read anew, the way is unknown. */
  readonly events: readonly WatchEvent[] | undefined;
}

/** Keys in one answer of the first read. */
const PAGE = 1_000;

/** A key as text that no two keys share, whatever their bytes. */
export function keyName(key: Bytes): string {
  const bytes = toBytes(key);
  let name = "";
  for (const byte of bytes) name += String.fromCharCode(byte);
  return name;
}

/**
 * The keys of a range now and after each change, each view that of one revision: read once, then kept fresh by a watch; read
 * anew when the watch's history was compacted. The map is one and changes in place: look before asking for the next.
 * @param known the caller knows the keys not to differ at this revision from what it holds: earlier changes, which undo each
 * other, are not told.
 * @throws SynodError "aborted", "denied", "closed"
 */
export async function* follow(
  store: StoreApi,
  keys: Bytes | KeyRange,
  signal?: AbortSignal,
  known: () => number = () => 0,
): AsyncGenerator<View, void, undefined> {
  const range = toRange(keys);
  for (;;) {
    const { map, revision } = await readAll(store, range, signal);
    yield { keys: map, revision, events: undefined };
    const watch = store.watch(range, { startRevision: revision + 1, signal });
    try {
      for await (const batch of watch) {
        const events = batch.events.filter(({ kv }) => kv.modRevision > known());
        for (const { type, kv } of events) {
          if (type === "put") map.set(keyName(kv.key), kv);
          else map.delete(keyName(kv.key));
        }
        const last = events.at(-1);
        if (last !== undefined) yield { keys: map, revision: last.kv.modRevision, events };
      }
      return; // the client was closed
    } catch (error) {
      if (!(error instanceof SynodError) || error.code !== "compacted") throw error;
    }
  }
}

/** Every key of the range at one revision, page by page. @throws SynodError */
export async function readAll(
  store: StoreApi,
  range: KeyRange,
  signal?: AbortSignal,
): Promise<{ map: Map<string, KeyValue>; revision: number }> {
  for (;;) {
    try {
      return await readPages(store, range, signal);
    } catch (error) {
      // Compacted between two pages: the pages that are here belong to a revision that is gone.
      if (!(error instanceof SynodError) || error.code !== "compacted") throw error;
    }
  }
}

async function readPages(
  store: StoreApi,
  range: KeyRange,
  signal: AbortSignal | undefined,
): Promise<{ map: Map<string, KeyValue>; revision: number }> {
  const map = new Map<string, KeyValue>();
  let revision = 0;
  let from = range.key;
  for (;;) {
    const rest = { key: from, rangeEnd: range.rangeEnd };
    const options = { limit: PAGE, revision, signal };
    const { kvs, more, header } = await insist(() => store.range(rest, options), signal, "read the keys to follow");
    if (revision === 0) revision = header.revision;
    for (const kv of kvs) map.set(keyName(kv.key), kv);
    const last = kvs.at(-1);
    if (!more || last === undefined) return { map, revision };
    from = new Uint8Array(last.key.length + 1);
    from.set(last.key);
  }
}
