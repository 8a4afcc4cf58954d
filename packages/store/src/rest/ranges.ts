import { decodeLatin1, encodeLatin1 } from "@synod/wire/bytes";
import { base64Length, decodeBase64, encodeBase64 } from "../gateway/json/base64.ts";
import type { RestExchange } from "./exchange.ts";
import { refuse } from "./problem.ts";
import { prefixEnd } from "./text.ts";

/** The keys that a request speaks of. */
export interface Span {
  readonly key: Uint8Array;
  /** Empty: the one key. */
  readonly rangeEnd: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const EVERY = Uint8Array.of(0);

/**
 * One key by its address; with `prefix`, all that begin with it; by `from` and `to` without a key in the address, those from
 * the one up to, not including, the other. @throws RestError
 */
export function spanOf({ argument, query }: RestExchange): Span {
  const ranged = query.has("from") || query.has("to");
  const prefix = query.flag("prefix");
  if (ranged && (prefix || argument.length > 0)) {
    refuse("badParameter", "from and to stand alone", "leave the key out of the address, and prefix out of the query");
  }
  if (ranged) {
    const from = query.bytes("from") ?? NOTHING;
    return { key: from.length === 0 ? EVERY : from, rangeEnd: query.bytes("to") ?? EVERY };
  }
  if (prefix) return { key: argument.length === 0 ? EVERY : argument, rangeEnd: prefixEnd(argument) };
  if (argument.length > 0) return { key: argument, rangeEnd: NOTHING };
  return refuse(
    "badKey",
    "the address names no key",
    "write /api/store/keys/<key>, or ask for ?prefix or ?from=…&to=…",
  );
}

/** Where the next page of a range begins: at which revision, behind which key. */
export interface Cursor {
  readonly revision: number;
  readonly key: Uint8Array;
}

/** `<revision>.<first key of the next page in base64>`, in the alphabet for URLs. */
export function encodeCursor(revision: number, lastKey: Uint8Array): string {
  const next = new Uint8Array(lastKey.length + 1);
  next.set(lastKey);
  const text = new Uint8Array(base64Length(next.length));
  encodeBase64(next, text, 0);
  return `${revision}.${decodeLatin1(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** @throws RestError */
export function decodeCursor(text: string): Cursor {
  const [, revision, key] = /^([1-9]\d{0,14})\.([\w-]+)$/.exec(text) ?? [];
  const target = new Uint8Array(text.length);
  const length = key === undefined ? -1 : decodeBase64(encodeLatin1(key), 0, key.length, target);
  if (length < 1) refuse("badCursor", "that is no cursor", "use the cursor as the page before gave it");
  return { revision: Number(revision), key: target.subarray(0, length) };
}
