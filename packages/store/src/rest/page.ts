import { ProtobufReader } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { type DecodedRangeResponse, decodeRangeResponse } from "../api/range.ts";
import type { AnswerInParts } from "../server/local-calls.ts";
import type { HttpResponder } from "../server/ports/http-exchange.ts";
import type { RestExchange } from "./exchange.ts";
import { encodeCursor } from "./ranges.ts";
import { keyValueJson } from "./text.ts";

/** @param revision that was asked for, 0: the newest. */
export function pageJson(response: DecodedRangeResponse, keysOnly: boolean, revision = 0): object {
  const { header, kvs, more, count } = response;
  const items = kvs.map((kv) => keyValueJson(kv, keysOnly));
  return { items, ...behindItems({ revision: header.revision, more, count, lastKey: kvs.at(-1)?.key }, revision) };
}

interface Ending {
  readonly revision: number;
  readonly more: boolean;
  readonly count: number;
  readonly lastKey: Uint8Array | undefined;
}

function behindItems({ revision, more, count, lastKey }: Ending, asked: number): object {
  const cursor = more && lastKey !== undefined ? { cursor: encodeCursor(asked === 0 ? revision : asked, lastKey) } : {};
  return { count, more, ...cursor, revision };
}

/** A page too large for one piece: what `pageJson` makes of all its parts together. */
export class PageInParts implements AnswerInParts {
  readonly #responder: HttpResponder;
  readonly #keysOnly: boolean;
  readonly #asked: number;
  #text = '{"items":[';
  #revision = 0;
  #lastKey: Uint8Array | undefined;

  /** Begins the answer. @param revision as `pageJson` */
  constructor({ responder }: RestExchange, keysOnly: boolean, revision: number) {
    this.#responder = responder;
    this.#keysOnly = keysOnly;
    this.#asked = revision;
    responder.begin(200, [["content-type", "application/json"]]);
  }

  part(bytes: Uint8Array, isLast: boolean): number {
    const { header, kvs, more, count } = decodeRangeResponse(new ProtobufReader(bytes));
    if (header.revision > 0) this.#revision = header.revision;
    for (const kv of kvs) {
      this.#text += `${this.#lastKey === undefined ? "" : ","}${JSON.stringify(keyValueJson(kv, this.#keysOnly))}`;
      this.#lastKey = kv.key;
    }
    if (isLast) {
      const ending = { revision: this.#revision, more, count, lastKey: this.#lastKey };
      this.#text += `],${JSON.stringify(behindItems(ending, this.#asked)).slice(1)}\n`;
    }
    this.#responder.write(encodeUtf8(this.#text));
    this.#text = "";
    if (isLast) this.#responder.end();
    return this.#responder.queuedBytes;
  }
}
