/** Messages as etcd's JSON gateway has them: bytes in base64, 64-bit numbers as texts, what is zero left out. */
import { NO_BYTES } from "../bytes.ts";
import { KeyValue, type ResponseHeader } from "../messages/common.ts";

export type Json = { readonly [name: string]: unknown };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Bytes that go into one call of `fromCharCode`: engines limit their arguments. */
const CHUNK = 8_192;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

export function fromBase64(value: unknown): Uint8Array {
  if (typeof value !== "string" || value === "") return NO_BYTES;
  return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
}

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** @throws SyntaxError */
export function decodeJson(bytes: Uint8Array): Json {
  const value: unknown = JSON.parse(decoder.decode(bytes));
  return asObject(value);
}

export function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

export function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

/** A revision, a count or seconds: a safe integer, written as a number or as a text. */
export function asNumber(value: unknown): number {
  return Number(value ?? 0);
}

export function asBigInt(value: unknown): bigint {
  return BigInt((value ?? 0) as string | number);
}

export function asHeader(value: unknown): ResponseHeader {
  const header = asObject(value);
  return {
    clusterId: asBigInt(header.cluster_id),
    memberId: asBigInt(header.member_id),
    revision: asNumber(header.revision),
    raftTerm: asNumber(header.raft_term),
  };
}

export function asKeyValue(value: unknown): KeyValue {
  const json = asObject(value);
  const kv = new KeyValue();
  kv.key = fromBase64(json.key);
  kv.value = fromBase64(json.value);
  kv.createRevision = asNumber(json.create_revision);
  kv.modRevision = asNumber(json.mod_revision);
  kv.version = asNumber(json.version);
  kv.lease = asBigInt(json.lease);
  return kv;
}
