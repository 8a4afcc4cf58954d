import type { Http1Handler, Http1Request, Http1ServerConnection } from "@synod/wire/http1/server-connection";
import { handleGateway } from "../gateway/gateway.ts";
import { isGatewayPath } from "../gateway/routes.ts";
import type { StoreConnection } from "./connection.ts";
import { LocalCalls } from "./local-calls.ts";

/** One HTTP/1.1 connection of the client port: the JSON gateway, and behind it what `facts` tells. */
export class HttpDoor implements Http1Handler {
  readonly calls: LocalCalls;
  readonly #facts: Http1Handler;

  constructor(store: StoreConnection, facts: Http1Handler) {
    this.calls = new LocalCalls(store);
    this.#facts = facts;
  }

  onRequest(connection: Http1ServerConnection, request: Http1Request): void {
    const path = request.target.split("?", 1)[0] as string;
    if (isGatewayPath(path)) handleGateway(path, request, connection, this.calls);
    else this.#facts.onRequest(connection, request);
  }

  onCancel(connection: Http1ServerConnection): void {
    this.calls.cancelAll();
    this.#facts.onCancel(connection);
  }
}
