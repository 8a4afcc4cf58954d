import type { ResponseFields } from "@synod/wire/http1/response";
import type { Http1Handler, Http1Request, Http1ServerConnection } from "@synod/wire/http1/server-connection";
import { encodeUtf8 } from "@synod/wire/utf8";
import { asksForWebSocket } from "@synod/wire/websocket/handshake";
import { handleGateway } from "../gateway/gateway.ts";
import { isGatewayPath } from "../gateway/routes.ts";
import { handleWebSocket } from "../gateway/web-socket-call.ts";
import { openApiBytes } from "../rest/openapi.ts";
import { handleRest, isRestPath } from "../rest/rest.ts";
import type { StoreConnection } from "./connection.ts";
import type { UpgradableResponder } from "./http-exchange.ts";
import { LocalCalls } from "./local-calls.ts";
import { VERSION } from "./options.ts";
import { corsFields, isAllowed, type Origins, ResponderWithFields } from "./origins.ts";

export interface HttpDoorOptions {
  /** Answers what is not the store's data: health, version, metrics. */
  readonly facts: Http1Handler;
  /** Origins whose pages may use the store, as browsers write them (`https://app.example`); "*": all. Without any, none. */
  readonly origins: Origins;
  /** From the first octet of a request to its last. */
  readonly requestTimeoutMs: number;
}

const TEXT_FIELDS: ResponseFields = [["content-type", "text/plain; charset=utf-8"]];

const OPEN_API_PATH = "/openapi.json";
const OPEN_API_FIELDS: ResponseFields = [["content-type", "application/json"]];

/** One HTTP/1.1 connection of the client port: the JSON gateway, the REST API, and behind them what `facts` tells. */
export class HttpDoor implements Http1Handler {
  readonly calls: LocalCalls;
  readonly #options: HttpDoorOptions;

  constructor(store: StoreConnection, options: HttpDoorOptions) {
    this.calls = new LocalCalls(store);
    this.#options = options;
  }

  onRequest(connection: Http1ServerConnection, request: Http1Request): void {
    const path = request.target.split("?", 1)[0] as string;
    if (!isServed(path)) return this.#options.facts.onRequest(connection, request);
    const { origins } = this.#options;
    if (!isAllowed(request, origins)) {
      // Browsers send simple requests of any page without asking; the store does not take what it would not answer.
      const text = "pages of this origin may not use the store: allow the origin in the server's settings\n";
      return connection.respond(403, TEXT_FIELDS, encodeUtf8(text));
    }
    const fields = corsFields(request, origins);
    const responder = fields.length === 0 ? connection : new ResponderWithFields(connection, fields);
    if (request.method === "OPTIONS") return responder.respond(204, [], new Uint8Array(0));
    this.#route(path, request, responder);
  }

  onCancel(connection: Http1ServerConnection): void {
    this.calls.cancelAll();
    this.#options.facts.onCancel(connection);
  }

  #route(path: string, request: Http1Request, responder: UpgradableResponder): void {
    if (path === OPEN_API_PATH) responder.respond(200, OPEN_API_FIELDS, openApiBytes(VERSION));
    else if (isRestPath(path)) handleRest(request, responder, this.calls);
    else if (asksForWebSocket(request)) handleWebSocket(path, request, responder, this.calls);
    else handleGateway(path, request, responder, this.calls);
  }
}

function isServed(path: string): boolean {
  return isGatewayPath(path) || isRestPath(path) || path === OPEN_API_PATH;
}
