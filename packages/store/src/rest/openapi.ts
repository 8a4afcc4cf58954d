import { encodeUtf8 } from "@synod/wire/utf8";
import { GATEWAY_ROUTES, type GatewayRoute } from "../gateway/routes.ts";
import type { EnumSchema, Field, MessageSchema } from "../gateway/schema/message.ts";
import { REST_PREFIX, REST_ROUTES, type RestRoute } from "./routes.ts";
import { BODIES, type BodyName, PARAMETERS, type ParameterName, type Schema } from "./schema.ts";

/** The OpenAPI 3.1 document of both doors, made of the tables that they are served by. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of REST_ROUTES) {
    const path = REST_PREFIX + route.template;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: restOperation(route) };
  }
  const messages = new Map<string, MessageSchema>();
  for (const route of GATEWAY_ROUTES) {
    collect(route.request, messages);
    collect(route.response, messages);
    paths[`/v3${route.path}`] = { post: gatewayOperation(route) };
  }
  const bodies = Object.entries(BODIES).filter(([name]) => name !== "value" && name !== "nothing");
  const schemas = [...messages].map(([name, schema]): [string, Schema] => [name, messageSchema(schema)]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Synod store",
      version,
      description:
        "The REST API of the store, and the JSON gateway of the etcd v3 API (also under /v3beta and /v3alpha).",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: { ...Object.fromEntries(bodies), gatewayError: GATEWAY_ERROR, ...Object.fromEntries(schemas) },
      securitySchemes: { token: { type: "apiKey", in: "header", name: "Authorization" } },
    },
  };
}

let served: Uint8Array | undefined;

/** The document as it is served at `/openapi.json`. */
export function openApiBytes(version: string): Uint8Array {
  served ??= encodeUtf8(`${JSON.stringify(openApiDocument(version))}\n`);
  return served;
}

function restOperation({ operation, summary, template, query, headers = [], body, answers }: RestRoute): object {
  const argument = /\{(\w+)\}/.exec(template)?.[1];
  const path =
    argument === undefined ? [] : [{ name: argument, in: "path", required: true, schema: { type: "string" } }];
  const named = [...query, ...headers].map((name: ParameterName) => ({ name, ...PARAMETERS[name] }));
  return {
    operationId: operation,
    summary,
    tags: ["store"],
    parameters: [...path, ...named],
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, name]) => [status, responseOf(name, query)])),
      default: responseOf("problem", []),
    },
  };
}

function responseOf(name: BodyName, query: readonly ParameterName[]): object {
  if (name === "nothing") return { description: "Not modified" };
  const content = contentOf(name);
  const raw = name === "keyValue" ? contentOf("value") : {};
  const events =
    name !== "problem" && query.includes("watch") ? { "text/event-stream": { schema: { type: "string" } } } : {};
  return { description: name, content: { ...content, ...raw, ...events } };
}

function contentOf(name: BodyName): Record<string, object> {
  if (name === "value") return { "application/octet-stream": {} };
  const type = name === "problem" ? "application/problem+json" : "application/json";
  return { [type]: { schema: { $ref: `#/components/schemas/${name}` } } };
}

function gatewayOperation({ method, path, request, response, streaming }: GatewayRoute): object {
  const answer = streaming
    ? { type: "object", properties: { result: refTo(response), error: { type: "object" } } }
    : refTo(response);
  const description = streaming ? "Lines, each a result; a WebSocket's messages, too" : response.name;
  return {
    operationId: `${method.slice(1).replace("/", ".")}${path.startsWith("/kv/lease/") ? ".kv" : ""}`,
    tags: ["etcd v3"],
    requestBody: { content: { "application/json": { schema: refTo(request) } } },
    responses: {
      200: { description, content: { "application/json": { schema: answer } } },
      default: {
        description: "What was wrong",
        content: { "application/json": { schema: { $ref: "#/components/schemas/gatewayError" } } },
      },
    },
  };
}

const GATEWAY_ERROR: Schema = {
  type: "object",
  required: ["error", "message", "code", "details"],
  properties: {
    error: { type: "string" },
    message: { type: "string" },
    code: { type: "integer", description: "A status code of gRPC" },
    details: { type: "array", items: {} },
  },
};

function collect(schema: MessageSchema, into: Map<string, MessageSchema>): void {
  if (into.has(schema.name)) return;
  into.set(schema.name, schema);
  for (const { type } of schema.fields) if (typeof type === "object" && !("values" in type)) collect(type, into);
}

function refTo({ name }: MessageSchema): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function messageSchema({ fields }: MessageSchema): Schema {
  return { type: "object", properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])) };
}

function fieldSchema({ type, repeated }: Field): Schema {
  const single = typeSchema(type);
  return repeated === true ? { type: "array", items: single } : single;
}

function typeSchema(type: Field["type"]): Schema {
  if (typeof type === "object") return "values" in type ? enumSchema(type) : refTo(type);
  if (type === "bytes") return { type: "string", contentEncoding: "base64" };
  if (type === "string") return { type: "string" };
  if (type === "bool") return { type: "boolean" };
  if (type === "int64" || type === "uint64") return { type: ["string", "integer"], format: type };
  return { type: "integer", format: type };
}

function enumSchema({ values }: EnumSchema): Schema {
  return { type: "string", enum: values, default: values[0] };
}
