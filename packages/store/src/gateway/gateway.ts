import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ResponseFields } from "@synod/wire/http1/response";
import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { Metadata } from "../server/call-sink.ts";
import type { AnswerInParts, LocalCall, LocalCalls } from "../server/local-calls.ts";
import type { HttpRequest, HttpResponder } from "../server/ports/http-exchange.ts";
import { errorBody, streamErrorLine } from "./errors.ts";
import { httpStatus } from "./http-status.ts";
import { messageFromJson } from "./json/from-json.ts";
import { JsonError, JsonReader } from "./json/reader.ts";
import { MessageInParts, messageToJson } from "./json/to-json.ts";
import { JsonWriter } from "./json/writer.ts";
import { metadataOf } from "./metadata.ts";
import { type GatewayRoute, gatewayRoute } from "./routes.ts";
import type { MessageSchema } from "./schema/message.ts";

const JSON_FIELDS: ResponseFields = [["content-type", "application/json"]];
const CALL_FIELDS: ResponseFields = [...JSON_FIELDS, ["grpc-metadata-content-type", "application/grpc"]];
const TEXT_FIELDS: ResponseFields = [["content-type", "text/plain; charset=utf-8"]];

// Used within one call of a function, so one of each is enough for the process.
const writer = new ProtobufWriter(4096);
const reader = new ProtobufReader(new Uint8Array(0));
const json = new JsonWriter();
const LARGEST_KEPT = 1 << 20;
/** Of one stream in one body: each of them costs more than the few bytes that it takes there. */
const MOST_MESSAGES = 10_000;

/** Answers one request on a path of the gateway, now or later. */
export function handleGateway(path: string, request: HttpRequest, responder: HttpResponder, calls: LocalCalls): void {
  const route = gatewayRoute(path);
  if (route === undefined) return responder.respond(404, TEXT_FIELDS, encodeUtf8("Not Found\n"));
  if (request.method !== "POST") {
    const fields: ResponseFields = [...TEXT_FIELDS, ["allow", "POST"]];
    return responder.respond(405, fields, encodeUtf8("Method Not Allowed\n"));
  }
  const call = new GatewayCall(route, request, responder);
  const messages = call.read();
  if (messages !== undefined) start(call, messages, calls);
}

function start(call: GatewayCall, messages: readonly Uint8Array[], calls: LocalCalls): void {
  const { method } = call.route;
  const stream = calls.open(method, call);
  if (stream === undefined) return call.onFinish(GrpcStatus.UNIMPLEMENTED, `unknown method ${method}`);
  for (const [i, message] of messages.entries()) calls.request(stream, message, i === messages.length - 1);
  if (messages.length === 0) calls.halfClose(stream);
}

/**
 * Reads requests in JSON: one exactly one, an empty text being an empty message, and what follows it ignored; or any number of
 * them, one after the other. @throws JsonError
 */
export function readMessages(bytes: Uint8Array, schema: MessageSchema, several: boolean): Uint8Array[] {
  const source = new JsonReader(bytes);
  const messages: Uint8Array[] = [];
  while (!source.ended) {
    writer.reset(writer.buffer.length > LARGEST_KEPT ? new Uint8Array(4096) : writer.buffer);
    messageFromJson(source, schema, writer);
    messages.push(writer.finish());
    if (!several) return messages;
    if (messages.length > MOST_MESSAGES) {
      throw new JsonError("tooMany", `more than ${MOST_MESSAGES} messages at once`, source.position);
    }
  }
  if (!several) messages.push(new Uint8Array(0));
  return messages;
}

/** A message as a line `{"result":…}`. @returns a view, valid until the next message is written. */
export function resultLine(message: Uint8Array, schema: MessageSchema): Uint8Array {
  json.reset();
  json.ascii('{"result":');
  reader.reset(message);
  messageToJson(reader, schema, json);
  json.ascii("}\n");
  return json.view();
}

/** A call whose answer is the answer of a request of HTTP. */
class GatewayCall implements LocalCall {
  readonly route: GatewayRoute;
  readonly #request: HttpRequest;
  readonly #responder: HttpResponder;
  #begun = false;
  /** The answer comes in parts, and not all of them have come. */
  #isUnfinished = false;
  #fields: ResponseFields = CALL_FIELDS;

  constructor(route: GatewayRoute, request: HttpRequest, responder: HttpResponder) {
    this.route = route;
    this.#request = request;
    this.#responder = responder;
  }

  /** @returns the request in protobuf; undefined if it is malformed, and has been refused. */
  read(): Uint8Array[] | undefined {
    try {
      return readMessages(this.#request.body, this.route.request, this.route.clientStreaming);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.onFinish(GrpcStatus.INVALID_ARGUMENT, error.message);
      return undefined;
    }
  }

  onHeaders(fields: Metadata): void {
    this.#fields = [...CALL_FIELDS, ...fields.map(([name, value]) => [`grpc-metadata-${name}`, value] as const)];
  }

  onAnswer(message: Uint8Array): number {
    if (this.route.streaming) {
      this.#begin();
      this.#responder.write(resultLine(message, this.route.response));
      return this.#responder.queuedBytes;
    }
    json.reset();
    reader.reset(message);
    messageToJson(reader, this.route.response, json);
    this.#begun = true;
    this.#responder.respond(200, this.#fields, json.view());
    return 0;
  }

  onLongAnswer(): AnswerInParts | undefined {
    if (this.route.streaming) return undefined;
    const responder = this.#responder;
    const message = new MessageInParts(this.route.response);
    this.#begin();
    this.#isUnfinished = true;
    return {
      part: (bytes, isLast) => {
        json.reset();
        reader.reset(bytes);
        message.write(reader, json, isLast);
        responder.write(json.view());
        this.#isUnfinished = !isLast;
        if (isLast) responder.end();
        return responder.queuedBytes;
      },
    };
  }

  onFinish(code: number, text: string): void {
    if (this.#isUnfinished) return this.#responder.abort();
    if (!this.route.streaming) {
      if (!this.#begun) this.#responder.respond(httpStatus(code), JSON_FIELDS, errorBody(code, text));
      return;
    }
    if (code !== GrpcStatus.OK && !this.#begun) {
      return this.#responder.respond(httpStatus(code), JSON_FIELDS, errorBody(code, text));
    }
    this.#begin();
    if (code !== GrpcStatus.OK) this.#responder.write(streamErrorLine(code, text));
    this.#responder.end();
  }

  metadata(name: string): string | undefined {
    return metadataOf(this.#request, name);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#responder.begin(200, this.#fields);
  }
}
