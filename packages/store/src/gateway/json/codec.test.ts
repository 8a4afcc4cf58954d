import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import fc from "fast-check";
import { GATEWAY_ROUTES } from "../routes.ts";
import { KeyValue, WatchCreateRequest, WatchRequest } from "../schema/common.ts";
import { RangeRequest, TxnRequest } from "../schema/kv.ts";
import type { FieldType, MessageSchema } from "../schema/message.ts";
import { messageFromJson } from "./from-json.ts";
import { JsonError, JsonReader } from "./reader.ts";
import { messageToJson } from "./to-json.ts";
import { JsonWriter } from "./writer.ts";

function toProtobuf(json: string, schema: MessageSchema): Uint8Array {
  const writer = new ProtobufWriter();
  messageFromJson(new JsonReader(encodeUtf8(json)), schema, writer);
  return writer.finish();
}

function toJson(bytes: Uint8Array, schema: MessageSchema): unknown {
  const writer = new JsonWriter();
  messageToJson(new ProtobufReader(bytes), schema, writer);
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(writer.view()));
}

/** There and back again. */
function through(json: string, schema: MessageSchema): unknown {
  return toJson(toProtobuf(json, schema), schema);
}

function refusal(json: string, schema: MessageSchema): string {
  try {
    toProtobuf(json, schema);
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
  return "taken";
}

test("names may be written either way, numbers as numbers or strings, enumerations by name or number", () => {
  const expected = { key: "YQ==", range_end: "Yg==", limit: "7", sort_order: "DESCEND", keys_only: true };
  const spellings = [
    '{"key":"YQ==","range_end":"Yg==","limit":"7","sort_order":"DESCEND","keys_only":true}',
    ' {"key" : "YQ", "rangeEnd":"Yg==", "limit":7,"sortOrder":2, "keysOnly":true}\n',
    '{"unknown":[{"a":[1,-2.5e3,null,true,"\\u00e9"]},{}],"key":"\\u0059Q==","rangeEnd":"Yg","limit":"7","sort_order":2,"keys_only":true,"count_only":false,"revision":null}',
  ];
  for (const spelling of spellings) assert.deepEqual(through(spelling, RangeRequest), expected, spelling);
  assert.deepEqual(through("null", RangeRequest), {});
});

test("64 bits come through exactly", () => {
  for (const lease of ["9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808", "-1"]) {
    assert.deepEqual(through(`{"lease":${lease}}`, KeyValue), { lease });
    assert.deepEqual(through(`{"lease":"${lease}"}`, KeyValue), { lease });
  }
  assert.match(refusal('{"lease":9223372036854775808}', KeyValue), /does not fit int64/);
});

test("bytes of either alphabet of base64, padded or not, are the same bytes", () => {
  for (const text of ["+/+/", "-_-_", "\\u002b\\/-_"])
    assert.deepEqual(through(`{"key":"${text}"}`, KeyValue), { key: "+/+/" });
  assert.deepEqual(through('{"key":"AA"}', KeyValue), { key: "AA==" });
  for (const text of ["A", "AAAAA", "A=", "====", "AA=A", "A A=", "é==="]) {
    assert.match(refusal(`{"key":"${text}"}`, KeyValue), /illegal base64/, text);
  }
});

test("long strings are read to their end, whatever is in them", () => {
  const long = "A".repeat(400);
  for (const key of [long, `${long.slice(0, 80)}\\u0041${long.slice(81)}`, `\\u0041${long.slice(1)}`]) {
    assert.deepEqual(through(`{"key":"${key}","version":"1"}`, KeyValue), { key: long, version: "1" });
  }
  assert.match(refusal(`{"key":"${long}`, KeyValue), /unexpected EOF/);
  assert.match(refusal(`{"key":"${long}\n"}`, KeyValue), /illegal base64/);
  assert.match(refusal(`{"x":"${long}\n"}`, KeyValue), /control character/);
  // Were each escape to cost a look at all that follows, this would take minutes.
  assert.equal(refusal(`{"x":"${long}${"\\n".repeat(1_000_000)}"}`, KeyValue), "taken");
});

test("a member of a oneof is there even if it is zero", () => {
  const json = '{"compare":[{"target":"CREATE","key":"YQ==","create_revision":"0"}],"success":[{"request_put":{}}]}';
  assert.deepEqual(through(json, TxnRequest), {
    compare: [{ target: "CREATE", key: "YQ==", create_revision: "0" }],
    success: [{ request_put: {} }],
  });
  assert.deepEqual(through('{"progress_request":{}}', WatchRequest), { progress_request: {} });
  assert.deepEqual(through('{"filters":["NODELETE",0]}', WatchCreateRequest), { filters: ["NODELETE", "NOPUT"] });
});

test("what is wrong is said in words, with its place", () => {
  const wrong: [string, RegExp][] = [
    ['{"key":', /unexpected EOF.*byte 7/],
    ['{"key":"YQ==', /unexpected EOF/],
    ['{"key" "YQ=="}', /invalid character '"': a ":" was expected.*byte 7/],
    ['{"key":"YQ==",}', /invalid character '}': a member's name/],
    ['{key:"YQ=="}', /invalid character 'k'/],
    ["[]", /array cannot be read as etcdserverpb.RangeRequest/],
    ['{"key":1}', /number cannot be read as bytes in base64/],
    ['{"key":{}}', /object cannot be read as bytes/],
    ['{"limit":"x"}', /"x" is not a whole number for int64/],
    ['{"limit":1.5}', /"1.5" is not a whole number/],
    ['{"limit":01}', /01 is not a number/],
    ['{"limit":-}', /- is not a number/],
    ['{"limit":true}', /true cannot be read as int64/],
    ['{"serializable":"true"}', /string cannot be read as bool/],
    ['{"serializable":tru}', /tru is not a value/],
    ['{"sort_order":"DOWN"}', /unknown value "DOWN" for enum .*: use NONE, ASCEND, DESCEND/],
    ['{"x":"\\q"}', /\\q is no escape/],
    ['{"x":"\\u12"}', /is no escape/],
    ['{"x":"\n"}', /control character/],
    [`{"x":${"[".repeat(200)}}`, /more than 100 levels/],
    [`${'{"success":[{"request_txn":'.repeat(60)}`, /more than 100 levels|object cannot/],
    ["é", /invalid character 'é'/],
  ];
  for (const [json, reason] of wrong) assert.match(refusal(json, RangeRequest), reason, json);
});

/** JSON as the gateway writes it, of any message of the tables. */
function messages(schema: MessageSchema, depth: number): fc.Arbitrary<object> {
  const fields = schema.fields.filter(({ type }) => depth > 0 || typeof type === "string" || "values" in type);
  const oneofs = new Set<string>();
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const { name, type, repeated, oneof } of fields) {
    if (oneof !== undefined && oneofs.has(oneof)) continue;
    if (oneof !== undefined) oneofs.add(oneof);
    const single = values(type, depth - 1, repeated === true || oneof !== undefined);
    model[name] = repeated === true ? fc.array(single, { minLength: 1, maxLength: 3 }) : single;
  }
  return fc.record(model, { requiredKeys: [], noNullPrototype: true });
}

function values(type: FieldType, depth: number, zero: boolean): fc.Arbitrary<unknown> {
  const least = zero ? 0 : 1;
  if (type === "bytes") {
    return fc.uint8Array({ minLength: least, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64"));
  }
  if (type === "string") return fc.string({ unit: "grapheme", minLength: least, maxLength: 8 });
  if (type === "bool") return zero ? fc.boolean() : fc.constant(true);
  if (type === "int64")
    return fc
      .bigInt(-(1n << 63n), (1n << 63n) - 1n)
      .filter((n) => zero || n !== 0n)
      .map(String);
  if (type === "uint64") return fc.bigInt(BigInt(least), (1n << 64n) - 1n).map(String);
  if (type === "uint32" || type === "int32") return fc.integer({ min: least, max: 0x7fff_ffff });
  if ("values" in type) return fc.constantFrom(...type.values.slice(least));
  return messages(type, depth);
}

test("every message of every route comes through unchanged", () => {
  const schemas = [...new Set(GATEWAY_ROUTES.flatMap(({ request, response }) => [request, response]))];
  for (const schema of schemas) {
    fc.assert(
      fc.property(messages(schema, 3), (message) => {
        assert.deepEqual(through(JSON.stringify(message), schema), message);
      }),
      { seed: 3, numRuns: 15 },
    );
  }
});

test("any text is read or refused, never more", () => {
  const part = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(
      '{"key":',
      '"compare":[',
      '{"success":',
      '"YQ=="',
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "-1",
      "null",
      '"\\u',
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.constantFrom(TxnRequest, RangeRequest), (parts, schema) => {
      const text = parts.join("");
      const reason = refusal(text, schema);
      if (reason === "taken") return;
      assert.ok(reason.length < 400, "a refusal does not repeat the request");
    }),
    { seed: 4, numRuns: 600 },
  );
});
