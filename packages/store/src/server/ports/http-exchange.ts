import type { ResponseFields } from "@synod/wire/http1/response";
import type { Http1Request, UpgradedProtocol } from "@synod/wire/http1/server-connection";
import type { StoreLimits } from "../options.ts";

/** A request of HTTP, however it came. */
export type HttpRequest = Http1Request;

/**
 * Where the answer of a request goes: `respond`, or `begin`, `write` and `end`. `Http1ServerConnection` is one. When the
 * client is gone, all of them do nothing.
 */
export interface HttpResponder {
  /** Octets of the answer that the client has not taken yet. */
  readonly queuedBytes: number;
  respond(status: number, fields: ResponseFields, body: Uint8Array): void;
  begin(status: number, fields: ResponseFields): void;
  write(part: Uint8Array): void;
  end(): void;
  /** The answer that was begun cannot be ended: the client is to see that it was cut off. */
  abort(): void;
}

/** Octets of a request's body: as many as the largest request that the store takes has in base64. */
export function largestBody({ requestBytes }: Pick<StoreLimits, "requestBytes">): number {
  return Math.ceil(requestBytes / 3) * 4;
}

/** A responder whose connection can change to another protocol. */
export interface UpgradableResponder extends HttpResponder {
  upgrade(fields: ResponseFields, protocol: UpgradedProtocol): void;
  writeRaw(bytes: Uint8Array): void;
  /** Ends the connection, once what is queued has been written. */
  disconnect(): void;
}

export function isUpgradable(responder: HttpResponder): responder is UpgradableResponder {
  return "upgrade" in responder;
}
