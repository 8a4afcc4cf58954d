import type { ResponseFields } from "@synod/wire/http1/response";
import { encodeUtf8 } from "@synod/wire/utf8";
import { asksForWebSocket } from "@synod/wire/websocket/handshake";
import { handleGateway } from "../../gateway/gateway.ts";
import { isGatewayPath } from "../../gateway/routes.ts";
import { handleWebSocket } from "../../gateway/web-socket-call.ts";
import { openApiBytes } from "../../rest/openapi.ts";
import { handleRest, isRestPath } from "../../rest/rest.ts";
import type { LocalCalls } from "../local-calls.ts";
import { VERSION } from "../options.ts";
import { type HttpRequest, type HttpResponder, isUpgradable } from "./http-exchange.ts";
import { isAllowed, type Origins, withCors } from "./origins.ts";

const TEXT_FIELDS: ResponseFields = [["content-type", "text/plain; charset=utf-8"]];
const JSON_FIELDS: ResponseFields = [["content-type", "application/json"]];
const OPEN_API_PATH = "/openapi.json";

/** The request's path, as it was sent. */
export function pathOf({ target }: Pick<HttpRequest, "target">): string {
  return target.split("?", 1)[0] as string;
}

/** Whether the path is for `handleStoreHttp`: the JSON gateway, the REST API, or the document of both. */
export function isStorePath(path: string): boolean {
  return isGatewayPath(path) || isRestPath(path) || path === OPEN_API_PATH;
}

/** Answers a request on a path of the store, now or later. @param origins see HttpDoorOptions */
export function handleStoreHttp(
  request: HttpRequest,
  responder: HttpResponder,
  calls: LocalCalls,
  origins: Origins,
): void {
  if (!isAllowed(request, origins)) {
    // Browsers send simple requests of any page without asking; the store does not take what it would not answer.
    const text = "pages of this origin may not use the store: allow the origin in the server's settings\n";
    return responder.respond(403, TEXT_FIELDS, encodeUtf8(text));
  }
  const path = pathOf(request);
  if (asksForWebSocket(request) && isGatewayPath(path) && isUpgradable(responder)) {
    return handleWebSocket(path, request, responder, calls);
  }
  const told = withCors(request, responder, origins);
  if (request.method === "OPTIONS") told.respond(204, [], new Uint8Array(0));
  else if (path === OPEN_API_PATH) told.respond(200, JSON_FIELDS, openApiBytes(VERSION));
  else if (isRestPath(path)) handleRest(request, told, calls);
  else handleGateway(path, request, told, calls);
}
