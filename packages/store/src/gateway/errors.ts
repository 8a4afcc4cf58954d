import { encodeUtf8 } from "@synod/wire/utf8";
import { httpStatus } from "./http-status.ts";

/**
 * The body of a failed call. etcd 3.4 has `error`, `message` and `code`, 3.6 has `code`, `message` and `details`; clients
 * look for either, so all are there.
 */
export function errorBody(code: number, text: string): Uint8Array {
  return encodeUtf8(JSON.stringify({ error: text, message: text, code, details: [] }));
}

/** The line that ends a stream that failed, in the words of all versions. */
export function streamErrorLine(code: number, text: string): Uint8Array {
  const status = httpStatus(code);
  const error = {
    grpc_code: code,
    http_code: status,
    message: text,
    http_status: STATUS_TEXT[status] ?? "Internal Server Error",
    code,
    details: [],
  };
  return encodeUtf8(`${JSON.stringify({ error })}\n`);
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  409: "Conflict",
  429: "Too Many Requests",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
