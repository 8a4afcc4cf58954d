/** The request line and header section of an HTTP/1.x request, judged strictly (RFC 9112, RFC 9110). */
export interface Http1Head {
  method: string;
  /** As sent: path and query. */
  target: string;
  version: "1.0" | "1.1";
  /** By lower-case name; repeated fields joined by ", ". */
  headers: ReadonlyMap<string, string>;
  /** The connection may be used for another request. */
  keepAlive: boolean;
  body: BodyFraming;
}

export type BodyFraming = { type: "none" } | { type: "length"; length: number } | { type: "chunked" };

/** Why a request is not taken. The connection closes behind the answer: nobody knows where the next request starts. */
export interface Http1Fault {
  status: 400 | 413 | 431 | 501 | 505;
  reason: string;
}

const MOST_FIELDS = 100;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^[\x21-\x7e]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @param text everything before the empty line, one character per octet, lines parted by CRLF. */
export function parseHead(text: string): Http1Head | Http1Fault {
  const lines = text.split("\r\n");
  const [method, target, version, ...more] = lines[0]!.split(" ");
  if (method === undefined || target === undefined || version === undefined || more.length > 0) {
    return bad("malformed request line");
  }
  if (!TOKEN.test(method) || !TARGET.test(target)) return bad("malformed request line");
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") {
    return /^HTTP\/\d\.\d$/.test(version) ? { status: 505, reason: "HTTP version" } : bad("malformed request line");
  }
  if (lines.length - 1 > MOST_FIELDS) return { status: 431, reason: "too many header fields" };
  const headers = parseFields(lines);
  if ("status" in headers) return headers;
  const old = version === "HTTP/1.0";
  const body = bodyFraming(headers.fields, old);
  if ("status" in body) return body;
  if (!old && !headers.fields.has("host")) return bad("no Host field");
  const options = (headers.fields.get("connection") ?? "").toLowerCase().split(/[\t ]*,[\t ]*/);
  const keepAlive = old ? options.includes("keep-alive") : !options.includes("close");
  return { method, target, version: old ? "1.0" : "1.1", headers: headers.fields, keepAlive, body };
}

/** A second one of these makes two readers of the same octets see two requests (RFC 9112 §11.2). */
const ONCE: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding"]);

function parseFields(lines: readonly string[]): { fields: Map<string, string> } | Http1Fault {
  const fields = new Map<string, string>();
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, "");
    // Also refuses a space before the colon and folded lines, which other readers understand differently.
    if (!TOKEN.test(name) || !VALUE.test(value)) return bad("malformed header field");
    const before = fields.get(name);
    if (before !== undefined && ONCE.has(name)) return bad(`repeated ${name} field`);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { fields };
}

/** RFC 9112 §6.3, refusing whatever could be read in two ways. */
function bodyFraming(fields: ReadonlyMap<string, string>, old: boolean): BodyFraming | Http1Fault {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) return bad("both content-length and transfer-encoding");
    if (old) return bad("transfer-encoding in HTTP/1.0");
    return coding.toLowerCase() === "chunked" ? { type: "chunked" } : { status: 501, reason: "transfer-encoding" };
  }
  if (length === undefined) return { type: "none" };
  if (!/^\d{1,15}$/.test(length)) return bad("malformed content-length");
  return { type: "length", length: Number(length) };
}

function bad(reason: string): Http1Fault {
  return { status: 400, reason };
}
