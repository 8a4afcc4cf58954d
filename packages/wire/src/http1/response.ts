import { encodeLatin1 } from "../bytes.ts";

const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

export type ResponseFields = readonly (readonly [name: string, value: string])[];

/** Status line and header section with the empty line behind it. Control characters in values become spaces. */
export function encodeResponseHead(status: number, fields: ResponseFields): Uint8Array {
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}\r\n`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must not reach the wire
  for (const [name, value] of fields) head += `${name}: ${value.replace(/[\x00-\x1f\x7f]/g, " ")}\r\n`;
  return encodeLatin1(`${head}\r\n`);
}

/** The line before a chunk of `size` octets (RFC 9112 §7.1). */
export function encodeChunkSize(size: number): Uint8Array {
  return encodeLatin1(`${size.toString(16)}\r\n`);
}

export const CRLF: Uint8Array = encodeLatin1("\r\n");
export const LAST_CHUNK: Uint8Array = encodeLatin1("0\r\n\r\n");
