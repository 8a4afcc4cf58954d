import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResponseFields } from "@synod/wire/http1/response";
import { StoreConnection } from "../connection.ts";
import { LocalCalls } from "../local-calls.ts";
import type { StoreService } from "../service.ts";
import { type HttpRequest, type HttpResponder, largestBody } from "./http-exchange.ts";
import type { Origins } from "./origins.ts";
import { handleStoreHttp, isStorePath, pathOf } from "./store-http.ts";

/** Answers a request that came to one of Node's own HTTP servers. @returns false: it is not for the store. */
export type NodeHttpHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The JSON gateway (without WebSockets), the REST API and their document, for a server of `node:http`.
 * @param origins see HttpDoorOptions
 */
export function nodeHttpHandler(service: StoreService, origins: Origins = []): NodeHttpHandler {
  return (request, response) => {
    if (!isStorePath(pathOf({ target: request.url ?? "/" }))) return false;
    const store = new StoreConnection(service, () => {});
    const calls = new LocalCalls(store);
    response.on("close", () => {
      calls.cancelAll();
      service.closed(store);
    });
    response.on("drain", () => calls.writable());
    const responder = new NodeResponder(response);
    collect(request, responder, largestBody(service.limits), (body) =>
      handleStoreHttp(requestOf(request, body), responder, calls, origins),
    );
    return true;
  };
}

/** Waits for the body; one that is too large is refused. */
function collect(
  request: IncomingMessage,
  responder: HttpResponder,
  largest: number,
  collected: (body: Uint8Array) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= largest) chunks.push(chunk);
    else refuse(request, responder);
  });
  request.on("end", () => collected(Buffer.concat(chunks)));
}

function refuse(request: IncomingMessage, responder: HttpResponder): void {
  request.removeAllListeners("data");
  request.removeAllListeners("end");
  request.pause();
  const fields: ResponseFields = [
    ["content-type", "text/plain"],
    ["connection", "close"],
  ];
  responder.respond(413, fields, Buffer.from("body too large\n"));
}

function requestOf({ method = "GET", url = "/", headers }: IncomingMessage, body: Uint8Array): HttpRequest {
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value ?? "")]);
  return { method, target: url, headers: new Map(fields), body };
}

class NodeResponder implements HttpResponder {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get queuedBytes(): number {
    return this.#response.writableNeedDrain ? this.#response.writableLength : 0;
  }

  respond(status: number, fields: ResponseFields, body: Uint8Array): void {
    if (this.#response.headersSent) return;
    this.#head(status, [...fields, ["content-length", String(body.length)]]);
    // A view may be written over before it has left.
    this.#response.end(body.slice());
  }

  begin(status: number, fields: ResponseFields): void {
    if (!this.#response.headersSent) this.#head(status, fields);
    this.#response.flushHeaders();
  }

  write(part: Uint8Array): void {
    if (!this.#response.destroyed) this.#response.write(part.slice());
  }

  end(): void {
    this.#response.end();
  }

  abort(): void {
    this.#response.destroy();
  }

  #head(status: number, fields: ResponseFields): void {
    const bare = status === 204 || status === 304;
    this.#response.writeHead(status, fields.filter(([name]) => !bare || name !== "content-length").flat());
  }
}
