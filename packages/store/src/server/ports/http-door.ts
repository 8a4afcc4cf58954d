import type { Http1Handler, Http1Request, Http1ServerConnection } from "@synod/wire/http1/server-connection";
import type { StoreConnection } from "../connection.ts";
import { LocalCalls } from "../local-calls.ts";
import type { Facts } from "./http.ts";
import { type Origins, withCors } from "./origins.ts";
import { handleStoreHttp, isStorePath, pathOf } from "./store-http.ts";

export interface HttpDoorOptions {
  /** Answers what is not the store's data: health, version, metrics. */
  readonly facts: Facts;
  /** Origins whose pages may use the store, as browsers write them (`https://app.example`); "*": all. Without any, none. */
  readonly origins: Origins;
  /** From the first octet of a request to its last. */
  readonly requestTimeoutMs: number;
}

/** One HTTP/1.1 connection of the client port: the store's paths, and behind them what `facts` tells. */
export class HttpDoor implements Http1Handler {
  readonly calls: LocalCalls;
  readonly #options: HttpDoorOptions;

  constructor(store: StoreConnection, options: HttpDoorOptions) {
    this.calls = new LocalCalls(store);
    this.#options = options;
  }

  onRequest(connection: Http1ServerConnection, request: Http1Request): void {
    const { facts, origins } = this.#options;
    if (isStorePath(pathOf(request))) handleStoreHttp(request, connection, this.calls, origins);
    else facts(request, withCors(request, connection, origins));
  }

  onCancel(): void {
    this.calls.cancelAll();
  }
}
