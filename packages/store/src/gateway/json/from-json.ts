import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufWriter } from "@synod/wire/protobuf";
import type { EnumSchema, Field, MessageSchema, Scalar } from "../schema/message.ts";
import { decodeBase64 } from "./base64.ts";
import { JsonError, type JsonReader } from "./reader.ts";

/**
 * Puts one JSON value into protobuf (protobuf.dev/programming-guides/json, as etcd's gateway reads it): names in either
 * spelling, 64-bit numbers as numbers or strings, bytes in either alphabet of base64, enumerations by name or number;
 * null is no value, what the table does not know is skipped. Zeros are written as they come: of two members of one name the
 * last one counts. @throws JsonError
 */
export function messageFromJson(reader: JsonReader, schema: MessageSchema, writer: ProtobufWriter): void {
  const kind = reader.kind();
  if (kind === "null") {
    reader.literal();
    return;
  }
  if (kind !== "object") throw wrongType(reader, kind, schema.name);
  reader.open("object");
  while (reader.member()) {
    const field = schema.byName(reader.name);
    if (field === undefined) reader.skip();
    else if (reader.kind() === "null") reader.literal();
    else if (field.repeated === true) elements(reader, field, writer);
    else value(reader, field, writer);
  }
}

function elements(reader: JsonReader, field: Field, writer: ProtobufWriter): void {
  const kind = reader.kind();
  if (kind !== "array") throw wrongType(reader, kind, `a list of ${typeName(field)}`);
  reader.open("array");
  while (reader.element()) value(reader, field, writer);
}

function value(reader: JsonReader, { type, number }: Field, writer: ProtobufWriter): void {
  if (typeof type === "string") return scalar(reader, type, number, writer);
  if ("values" in type) return writer.alwaysVarint(number, enumeration(reader, type));
  const mark = writer.begin(number);
  messageFromJson(reader, type, writer);
  writer.end(mark);
}

function scalar(reader: JsonReader, type: Scalar, number: number, writer: ProtobufWriter): void {
  const kind = reader.kind();
  if (type === "bytes") {
    if (kind !== "string") throw wrongType(reader, kind, "bytes in base64");
    writer.alwaysBytes(number, base64(reader));
  } else if (type === "string") {
    if (kind !== "string") throw wrongType(reader, kind, type);
    const text = reader.string();
    if (text === "") writer.alwaysBytes(number, EMPTY_BYTES);
    else writer.string(number, text);
  } else if (type === "bool") {
    if (kind !== "true" && kind !== "false") throw wrongType(reader, kind, type);
    writer.alwaysVarint(number, reader.literal() === "true" ? 1 : 0);
  } else writer.alwaysVarint(number, integer(reader, type));
}

const RANGES: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  int64: [-(1n << 63n), (1n << 63n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  uint32: [0n, (1n << 32n) - 1n],
};

function integer(reader: JsonReader, type: string): number | bigint {
  const kind = reader.kind();
  const at = reader.position;
  if (kind !== "number" && kind !== "string") throw wrongType(reader, kind, type);
  const text = kind === "number" ? reader.number() : reader.string();
  if (!/^-?(?:0|[1-9]\d*)$/.test(text)) {
    throw new JsonError("wrongType", `"${text.slice(0, 40)}" is not a whole number for ${type}`, at);
  }
  if (text.length < 10 && text.charCodeAt(0) !== 45) return Number(text);
  const exact = text.length > 24 ? undefined : BigInt(text);
  const [least, most] = RANGES[type] as readonly [bigint, bigint];
  if (exact === undefined || exact < least || exact > most) {
    throw new JsonError("wrongType", `${text.slice(0, 40)} does not fit ${type}`, at);
  }
  return exact;
}

function enumeration(reader: JsonReader, schema: EnumSchema): number {
  const kind = reader.kind();
  const at = reader.position;
  if (kind === "number") return Number(integer(reader, "int32"));
  if (kind !== "string") throw wrongType(reader, kind, schema.name);
  const name = reader.string();
  const value = schema.values.indexOf(name);
  if (value >= 0) return value;
  const known = schema.values.join(", ");
  throw new JsonError("wrongType", `unknown value "${name.slice(0, 40)}" for enum ${schema.name}: use ${known}`, at);
}

/** The content, valid until the next one is read. */
function base64(reader: JsonReader): Uint8Array {
  const [start, end, escaped] = reader.quoted();
  const source = escaped ? reader.unescaped(start, end) : reader.bytes;
  const from = escaped ? 0 : start;
  const to = escaped ? source.length : end;
  if (to - from > scratch.length) scratch = new Uint8Array(to - from);
  const length = decodeBase64(source, from, to, scratch);
  if (length < 0) throw new JsonError("wrongType", `illegal base64 data at input byte ${-1 - length}`, start);
  const content = scratch.subarray(0, length);
  if (scratch.length > LARGEST_KEPT) scratch = new Uint8Array(USUAL);
  return content;
}

const USUAL = 4096;
const LARGEST_KEPT = 1 << 16;
let scratch = new Uint8Array(USUAL);

function typeName({ type }: Field): string {
  return typeof type === "string" ? type : type.name;
}

function wrongType(reader: JsonReader, found: string, wanted: string): JsonError {
  return new JsonError("wrongType", `${found} cannot be read as ${wanted}`, reader.position);
}
