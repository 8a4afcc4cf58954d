import { encodeLatin1 } from "../bytes.ts";
import { decodeBase64 } from "../grpc/metadata.ts";
import type { ResponseFields } from "../http1/response.ts";
import type { Http1Request } from "../http1/server-connection.ts";
import { sha1 } from "./sha1.ts";

/** RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** What the server answers to a request to change to WebSocket. */
export type Handshake =
  | { readonly status: 101; readonly fields: ResponseFields }
  | { readonly status: 400 | 405 | 426; readonly fields: ResponseFields; readonly reason: string };

/** Whether the request asks for WebSocket at all. */
export function asksForWebSocket({ headers }: Http1Request): boolean {
  return options(headers.get("upgrade")).includes("websocket");
}

/** Judges a request that asks for WebSocket (RFC 6455 §4.2.1). @param protocol the subprotocol chosen, if any. */
export function judgeHandshake(request: Http1Request, protocol?: string): Handshake {
  const { method, headers } = request;
  if (method !== "GET") return { status: 405, fields: [["allow", "GET"]], reason: "WebSocket begins with GET" };
  if (!options(headers.get("connection")).includes("upgrade")) return refuse("no Upgrade in the Connection field");
  if (headers.get("sec-websocket-version") !== "13") {
    return { status: 426, fields: [["sec-websocket-version", "13"]], reason: "only version 13 of WebSocket is spoken" };
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (decodeBase64(key)?.length !== 16) return refuse("Sec-WebSocket-Key is not 16 bytes in base64");
  const chosen: ResponseFields = protocol === undefined ? [] : [["sec-websocket-protocol", protocol]];
  return {
    status: 101,
    fields: [["upgrade", "websocket"], ["connection", "Upgrade"], ["sec-websocket-accept", acceptOf(key)], ...chosen],
  };
}

/** The subprotocols that the client offers, in its order. */
export function offeredProtocols({ headers }: Http1Request): string[] {
  const value = headers.get("sec-websocket-protocol");
  return value === undefined ? [] : value.split(",").map((each) => each.trim());
}

/** What proves that the key was read: the base64 of a hash over it (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  const hash = sha1(encodeLatin1(key + GUID));
  let text = "";
  for (let i = 0; i < hash.length; i += 3) {
    const group = (hash[i]! << 16) | (hash[i + 1]! << 8) | (hash[i + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) text += DIGITS.charAt((group >> shift) & 63);
  }
  return `${text.slice(0, 27)}=`;
}

function refuse(reason: string): Handshake {
  return { status: 400, fields: [], reason };
}

function options(value: string | undefined): string[] {
  return (value ?? "").toLowerCase().split(/[\t ]*,[\t ]*/);
}
