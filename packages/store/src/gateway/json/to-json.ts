import type { ProtobufReader } from "@synod/wire/protobuf";
import type { Field, MessageSchema, Scalar } from "../schema/message.ts";
import type { JsonWriter } from "./writer.ts";

const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
/** No field has been written yet. */
const NOTHING = -1;

/**
 * Writes a message as etcd's gateway does: names as in the proto file, zero values left out, 64-bit numbers as strings,
 * bytes in base64, enumerations by name. The elements of a repeated field must follow each other, as our encoders put them.
 * @throws ProtobufError
 */
export function messageToJson(reader: ProtobufReader, schema: MessageSchema, writer: JsonWriter): void {
  writer.byte(OPEN_BRACE);
  endOfMessage(fieldsToJson(reader, schema, writer, NOTHING), writer);
}

/** A message that comes in parts, each of whole fields: what `messageToJson` writes of all of them together. */
export class MessageInParts {
  readonly #schema: MessageSchema;
  #open: number | undefined;

  constructor(schema: MessageSchema) {
    this.#schema = schema;
  }

  /** Writes what the next part makes. @throws ProtobufError */
  write(reader: ProtobufReader, writer: JsonWriter, isLast: boolean): void {
    if (this.#open === undefined) writer.byte(OPEN_BRACE);
    this.#open = fieldsToJson(reader, this.#schema, writer, this.#open ?? NOTHING);
    if (isLast) endOfMessage(this.#open, writer);
  }
}

/** @param before as this returns it: `NOTHING`, the repeated field whose array is open, or 0. */
function fieldsToJson(reader: ProtobufReader, schema: MessageSchema, writer: JsonWriter, before: number): number {
  let open = before;
  while (reader.next()) {
    const field = schema.byNumber(reader.field);
    if (field === undefined || isZero(reader, field)) {
      reader.skip();
      continue;
    }
    if (open === field.number) writer.byte(COMMA);
    else {
      if (open > 0) writer.byte(CLOSE_BRACKET);
      if (open !== NOTHING) writer.byte(COMMA);
      open = field.repeated === true ? field.number : 0;
      writer.raw(field.prefix);
      if (open > 0) writer.byte(OPEN_BRACKET);
    }
    value(reader, field, writer);
  }
  return open;
}

function endOfMessage(open: number, writer: JsonWriter): void {
  if (open > 0) writer.byte(CLOSE_BRACKET);
  writer.byte(CLOSE_BRACE);
}

/** Of a field that says nothing unless it is something. */
function isZero(reader: ProtobufReader, field: Field): boolean {
  if (
    field.oneof !== undefined ||
    field.repeated === true ||
    (typeof field.type === "object" && !("values" in field.type))
  )
    return false;
  return reader.buffer[reader.position] === 0;
}

function value(reader: ProtobufReader, { type }: Field, writer: JsonWriter): void {
  if (typeof type === "string") return scalar(reader, type, writer);
  if ("values" in type) {
    const number = reader.int32();
    const name = type.values[number];
    if (name === undefined) writer.ascii(String(number));
    else writer.quoted(name);
    return;
  }
  const outer = reader.enter();
  messageToJson(reader, type, writer);
  reader.leave(outer);
}

function scalar(reader: ProtobufReader, type: Scalar, writer: JsonWriter): void {
  if (type === "bytes") writer.base64(reader.bytes());
  else if (type === "int64") writer.quoted(int64(reader));
  else if (type === "uint64") writer.quoted(uint64(reader));
  else if (type === "string") writer.string(reader.string());
  else if (type === "bool") writer.ascii(reader.bool() ? "true" : "false");
  else writer.ascii(String(type === "uint32" ? reader.uint32() : reader.int32()));
}

function int64(reader: ProtobufReader): string {
  const at = reader.position;
  const value = reader.int64();
  if (Number.isSafeInteger(value)) return String(value);
  reader.position = at;
  return String(reader.int64Exact());
}

function uint64(reader: ProtobufReader): string {
  const at = reader.position;
  const value = reader.uint64();
  if (Number.isSafeInteger(value)) return String(value);
  reader.position = at;
  return String(reader.uint64Exact());
}
