import type { ResponseFields } from "@synod/wire/http1/response";
import { OF_ANSWERS, OF_CALLS } from "../own-metadata.ts";
import type { HttpRequest, HttpResponder } from "./http-exchange.ts";

const METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
const METADATA = ["token", "hasleader", ...OF_CALLS].map(inGateway);
const REQUEST_FIELDS = [
  ...["accept", "authorization", "content-type", "if-match", "if-none-match", "last-event-id"],
  ...[...OF_CALLS, ...METADATA],
].join(", ");
const ANSWER_FIELDS = ["etag", "location", ...OF_ANSWERS, ...OF_ANSWERS.map(inGateway)].join(", ");

function inGateway(name: string): string {
  return `grpc-metadata-${name}`;
}

/** What pages of other origins may do. */
export type Origins = readonly string[];

/** The page that asks was served from here, or its origin is allowed, or no page asks. */
export function isAllowed(request: HttpRequest, origins: Origins): boolean {
  const origin = request.headers.get("origin");
  return origin === undefined || isSame(origin, request) || origins.includes(origin) || origins.includes("*");
}

/** Lets the page of an allowed origin hear that it is, with whatever is answered. */
export function withCors(request: HttpRequest, responder: HttpResponder, origins: Origins): HttpResponder {
  const fields = corsFields(request, origins);
  return fields.length === 0 ? responder : new ResponderWithFields(responder, fields);
}

function corsFields({ headers, method }: HttpRequest, origins: Origins): ResponseFields {
  const origin = headers.get("origin");
  if (origin === undefined || !(origins.includes(origin) || origins.includes("*"))) return [];
  const allowed: ResponseFields = [
    ["access-control-allow-origin", origin],
    ["vary", "origin"],
    ["access-control-expose-headers", ANSWER_FIELDS],
  ];
  if (method !== "OPTIONS") return allowed;
  return [
    ...allowed,
    ["access-control-allow-methods", METHODS],
    ["access-control-allow-headers", REQUEST_FIELDS],
    ["access-control-max-age", "600"],
  ];
}

function isSame(origin: string, { headers }: HttpRequest): boolean {
  return origin.replace(/^https?:\/\//, "") === headers.get("host");
}

/** Adds fields to whatever is answered. */
export class ResponderWithFields implements HttpResponder {
  readonly #responder: HttpResponder;
  readonly #fields: ResponseFields;

  constructor(responder: HttpResponder, fields: ResponseFields) {
    this.#responder = responder;
    this.#fields = fields;
  }

  get queuedBytes(): number {
    return this.#responder.queuedBytes;
  }

  respond(...[status, fields, body]: Parameters<HttpResponder["respond"]>): void {
    this.#responder.respond(status, [...fields, ...this.#fields], body);
  }

  begin(status: number, fields: ResponseFields): void {
    this.#responder.begin(status, [...fields, ...this.#fields]);
  }

  write(part: Uint8Array): void {
    this.#responder.write(part);
  }

  end(): void {
    this.#responder.end();
  }

  abort(): void {
    this.#responder.abort();
  }
}
