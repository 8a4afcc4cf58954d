/** How a log line looks, for people and for programs. Nothing here throws, whatever the fields hold. */

export type Level = "debug" | "info" | "warn" | "error";
export type LogFormat = "human" | "json";
export type Fields = Readonly<Record<string, unknown>>;

export interface Line {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: Level;
  /** The node's name, `n1`; empty before it is known. */
  readonly node: string;
  readonly sentence: string;
  readonly fields: Fields;
}

/** Names whose values never reach a log. By name, since a value does not show what it is. */
const SECRET = /passw|passphrase|secret|token|authorization|cookie|credential|(private|api|access).?key/i;
const REDACTED = "[redacted]";
const MAX_VALUE_LENGTH = 1024;
const MAX_DEPTH = 4;

/** `12:03:04.512 n1 info  became leader in term 4  group=2`; times are UTC. */
export function formatHuman(line: Line): string {
  const time = new Date(line.time).toISOString().slice(11, 23);
  let text = `${time} ${line.node === "" ? "" : `${line.node} `}${line.level.padEnd(5)} ${printable(line.sentence)}`;
  let gap = "  ";
  for (const name of Object.keys(line.fields)) {
    const value = plain(name, line.fields[name], 0);
    if (value === undefined) continue;
    text += `${gap}${printable(name)}=${humanValue(value)}`;
    gap = " ";
  }
  return `${text}\n`;
}

/** One JSON object a line: `time` (RFC 3339), `level`, `node`, `message`, then the fields; a field never replaces those. */
export function formatJson(line: Line): string {
  const object: Record<string, unknown> = {
    time: new Date(line.time).toISOString(),
    level: line.level,
    node: line.node,
    message: line.sentence,
  };
  for (const name of Object.keys(line.fields)) {
    if (!Object.hasOwn(object, name)) object[name] = plain(name, line.fields[name], 0);
  }
  return `${JSON.stringify(object)}\n`;
}

function humanValue(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  const bare = typeof value !== "string" || /^[^\s"=\p{Cc}]+$/u.test(text);
  return bare ? text : JSON.stringify(text);
}

/** A value as strings, numbers, booleans, null, arrays and records only: bounded in depth and length, without secrets. */
function plain(name: string, value: unknown, depth: number): unknown {
  if (SECRET.test(name) && value !== undefined) return REDACTED;
  switch (typeof value) {
    case "string":
      return value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return value.toString();
    case "symbol":
    case "function":
      return `[${typeof value}]`;
    case "object":
      return value === null ? null : plainObject(value, depth);
    default:
      return value;
  }
}

function plainObject(value: object, depth: number): unknown {
  try {
    if (value instanceof Error) return errorText(value);
    if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
    if (depth >= MAX_DEPTH) return "[…]";
    if (Array.isArray(value)) return value.slice(0, 32).map((item) => plain("", item, depth + 1));
    const record: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value).slice(0, 32)) record[name] = plain(name, item, depth + 1);
    return record;
  } catch {
    return "[unprintable]"; // a getter or a proxy that throws
  }
}

function errorText(error: Error): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}

/** Line breaks and other control characters would let a client forge log lines. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
