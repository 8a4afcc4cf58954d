import { crc32c } from "@synod/wire/crc32c";
import { ProtobufError, ProtobufReader } from "@synod/wire/protobuf";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import type { Area } from "./area.ts";
import { SnapshotError } from "./model/chunk-reader.ts";

/**
 * The areas stand before the keys in a snapshot:
 *
 *     "SYNODST" 01, length (uint32, little-endian), areas, CRC32C of the areas (uint32)
 *     areas: protobuf, repeated 1 = { 1 = id, 2 = what the area wrote }
 */
const MAGIC = Uint8Array.of(0x53, 0x59, 0x4e, 0x4f, 0x44, 0x53, 0x54, 0x01);
const HEAD = MAGIC.length + 4;
/** Bounds what a damaged length can make us allocate. */
const MAX_LENGTH = 256 << 20;

export function encodeAreas(areas: readonly Area[]): Uint8Array {
  const writer = new ProtobufWriter(256);
  for (const area of areas) {
    const outer = writer.begin(1);
    writer.varint(1, area.id);
    const inner = writer.begin(2);
    area.encode(writer);
    writer.end(inner);
    writer.end(outer);
  }
  const body = writer.finish();
  const bytes = new Uint8Array(HEAD + body.length + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, body.length, true);
  bytes.set(body, HEAD);
  view.setUint32(HEAD + body.length, crc32c(body), true);
  return bytes;
}

/** A snapshot's areas, decoded but not yet in force, and the chunks that follow them. */
export interface AreasRead {
  readonly rest: Iterable<Uint8Array>;
  /** Replaces the state of every area: an area of which the snapshot says nothing becomes empty. */
  adopt(): void;
}

/** @throws SnapshotError */
export function decodeAreas(areas: readonly Area[], chunks: Iterable<Uint8Array>): AreasRead {
  const source = chunks[Symbol.iterator]();
  const head = take(source, new Uint8Array(0), HEAD);
  for (const [at, byte] of MAGIC.entries()) {
    if (head[at] !== byte) throw new SnapshotError("unknownFormat", "it does not begin as a store's snapshot");
  }
  const length = uint32(head, MAGIC.length);
  if (length > MAX_LENGTH) throw new SnapshotError("corrupt", `its areas claim ${length} bytes`);
  const end = HEAD + length;
  const bytes = take(source, head, end + 4);
  const body = bytes.subarray(HEAD, end);
  if (uint32(bytes, end) !== crc32c(body)) throw new SnapshotError("corrupt", "the sum of its areas is wrong");
  const adoptions = decodeBody(areas, body);
  return {
    rest: following(bytes.subarray(end + 4), source),
    adopt: () => {
      for (const adopt of adoptions) adopt();
    },
  };
}

function decodeBody(areas: readonly Area[], body: Uint8Array): (() => void)[] {
  const found = new Map<number, Uint8Array>();
  try {
    const reader = new ProtobufReader(body);
    while (reader.next()) {
      const outer = reader.enter();
      let id = 0;
      let bytes: Uint8Array = new Uint8Array(0);
      while (reader.next()) {
        if (reader.field === 1) id = reader.uint32();
        else if (reader.field === 2) bytes = reader.bytes();
        else reader.skip();
      }
      reader.leave(outer);
      found.set(id, bytes);
    }
    for (const id of found.keys()) {
      if (areas.every((area) => area.id !== id))
        throw new SnapshotError("unknownFormat", `it holds an area ${id} of a newer version: upgrade this node`);
    }
    return areas.map((area) => area.decode(new ProtobufReader(found.get(area.id) ?? new Uint8Array(0))));
  } catch (error) {
    if (error instanceof ProtobufError) throw new SnapshotError("corrupt", `its areas: ${error.message}`);
    throw error;
  }
}

/** What was taken before and as much of the source as gives `length` bytes or more. */
function take(source: Iterator<Uint8Array>, before: Uint8Array, length: number): Uint8Array {
  const parts = [before];
  let size = before.length;
  while (size < length) {
    const next = source.next();
    if (next.done === true) throw new SnapshotError("truncated", "it ends early; fetch it again");
    parts.push(next.value);
    size += next.value.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function* following(first: Uint8Array, source: Iterator<Uint8Array>): Generator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  for (let next = source.next(); next.done !== true; next = source.next()) yield next.value;
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
}
