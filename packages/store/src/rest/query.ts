import { refuse } from "./problem.ts";

const PERCENT = 37;
const PLUS = 43;

/** Percent-decoding (RFC 3986 §2.1) to bytes: keys and values need not be text. @param plus a "+" is a space. */
export function decodePercent(text: string, plus: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit !== PERCENT) {
      bytes[length++] = plus && unit === PLUS ? 32 : unit;
      continue;
    }
    const digits = text.slice(i + 1, i + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
      refuse("badRequest", `"%${digits}" in the address is no percent-encoded byte`, 'write "%" itself as %25');
    }
    bytes[length++] = Number.parseInt(digits, 16);
    i += 2;
  }
  return bytes.subarray(0, length);
}

/** The parameters behind the "?". A flag is there without a value, or with any but `false` and `0`. @throws RestError */
export class Query {
  readonly #values = new Map<string, string>();

  /** @param known the names that may be there: a misspelt one must not be ignored. */
  constructor(text: string, known: readonly string[]) {
    for (const part of text.split("&")) {
      if (part === "") continue;
      const equals = part.indexOf("=");
      const name = equals < 0 ? part : part.slice(0, equals);
      if (!known.includes(name)) {
        const use = known.length === 0 ? "leave it out" : `use ${known.join(", ")}`;
        refuse("badParameter", `there is no parameter "${name}" here`, use);
      }
      if (this.#values.has(name)) refuse("badParameter", `"${name}" is there twice`, "leave one out");
      this.#values.set(name, equals < 0 ? "" : part.slice(equals + 1));
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  flag(name: string): boolean {
    const value = this.#values.get(name);
    return value !== undefined && value !== "false" && value !== "0";
  }

  bytes(name: string): Uint8Array | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : decodePercent(value, true);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  number(name: string, least: number, most: number): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    return refuse("badParameter", `${name}=${value} is not a whole number from ${least} to ${most}`, "correct it");
  }
}

/** @returns a lease's id. @throws RestError */
export function leaseId(text: string): bigint {
  if (/^[1-9]\d{0,18}$/.test(text) && BigInt(text) < 1n << 63n) return BigInt(text);
  return refuse("badParameter", `"${text}" is not the id of a lease`, "use the id as POST /api/store/leases gave it");
}
