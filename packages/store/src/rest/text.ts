import { decodeUtf8, isUtf8 } from "@synod/wire/utf8";
import type { DecodedKeyValue } from "../api/key-value.ts";
import { base64Of } from "../gateway/json/base64.ts";

/** `{name: text}`, or `{nameBase64: …}` of bytes that are not UTF-8. */
export function bytesJson(name: string, bytes: Uint8Array): Record<string, string> {
  if (isUtf8(bytes)) return { [name]: decodeUtf8(bytes) };
  return { [`${name}Base64`]: base64Of(bytes) };
}

/** A key and what it holds, as this API shows it. */
export function keyValueJson(kv: DecodedKeyValue, keysOnly = false): Record<string, unknown> {
  return {
    ...bytesJson("key", kv.key),
    ...(keysOnly ? {} : bytesJson("value", kv.value)),
    modRevision: kv.modRevision,
    createRevision: kv.createRevision,
    version: kv.version,
    ...(kv.lease === 0n ? {} : { lease: String(kv.lease) }),
  };
}

/** The end of the range of all keys that begin with `prefix`; "\0", every key, if there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let i = prefix.length - 1; i >= 0; i--) {
    if ((prefix[i] as number) === 0xff) continue;
    const end = prefix.slice(0, i + 1);
    end[i] = (end[i] as number) + 1;
    return end;
  }
  return Uint8Array.of(0);
}
