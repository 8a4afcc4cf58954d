import type { KeyValue } from "@synod/client/messages/common";

/** Bytes for a person's eye: text where it is text, with what a terminal must not see escaped; else hexadecimal. */
export function shownBytes(bytes: Uint8Array): string {
  const text = asText(bytes);
  if (text === undefined) return `0x${Buffer.from(bytes).toString("hex")}`;
  return text.replace(/[^\P{Cc}\t\n]/gu, (character) => JSON.stringify(character).slice(1, -1));
}

/** A key and its value as JSON. What is not UTF-8 comes as `keyBase64`, `valueBase64`. */
export function keyValueJson(kv: KeyValue): Record<string, unknown> {
  const { createRevision, modRevision, version } = kv;
  const lease = kv.lease === 0n ? {} : { lease: kv.lease.toString() };
  return {
    ...bytesJson("key", kv.key),
    ...bytesJson("value", kv.value),
    createRevision,
    modRevision,
    version,
    ...lease,
  };
}

export function bytesJson(name: string, bytes: Uint8Array): Record<string, string> {
  const text = asText(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString("base64") } : { [name]: text };
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
