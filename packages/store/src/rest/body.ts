import { decodeUtf8, encodeUtf8, isUtf8 } from "@synod/wire/utf8";
import { decodeBase64 } from "../gateway/json/base64.ts";
import { refuse } from "./problem.ts";

/** A JSON object of a request, whose members are asked for by name; a misspelt one must not be ignored. */
export class Fields {
  readonly #members: ReadonlyMap<string, unknown>;
  /** Where it stands in the body, for messages: `then[0].put`. */
  readonly place: string;

  constructor(value: unknown, place: string, known: readonly string[]) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      refuse("badBody", `${place} is not an object`, `write {…} with ${known.join(", ")}`);
    }
    this.place = place;
    this.#members = new Map(Object.entries(value));
    for (const name of this.#members.keys()) {
      if (!known.includes(name)) refuse("badBody", `${place} has no "${name}"`, `use ${known.join(", ")}`);
    }
  }

  get names(): string[] {
    return [...this.#members.keys()];
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  get(name: string): unknown {
    return this.#members.get(name);
  }

  list(name: string): readonly unknown[] {
    const value = this.#members.get(name) ?? [];
    if (Array.isArray(value)) return value;
    return refuse("badBody", `${this.place}.${name} is not a list`, "write […]");
  }

  flag(name: string): boolean {
    const value = this.#members.get(name) ?? false;
    if (typeof value === "boolean") return value;
    return refuse("badBody", `${this.place}.${name} is not true or false`, "correct it");
  }

  number(name: string, least = 0): number | undefined {
    const value = this.#members.get(name);
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
    return refuse("badBody", `${this.place}.${name} is not a whole number from ${least}`, "correct it");
  }

  text(name: string): string | undefined {
    const value = this.#members.get(name);
    if (value === undefined || typeof value === "string") return value;
    return refuse("badBody", `${this.place}.${name} is not a string`, "put it in quotes");
  }

  /** `name` as text, or `nameBase64`. */
  bytes(name: string): Uint8Array | undefined {
    const text = this.text(name);
    const encoded = this.text(`${name}Base64`);
    if (text !== undefined && encoded !== undefined) {
      refuse("badBody", `${this.place} has both ${name} and ${name}Base64`, "leave one out");
    }
    if (encoded === undefined) return text === undefined ? undefined : encodeUtf8(text);
    const target = new Uint8Array(encoded.length);
    const source = encodeUtf8(encoded);
    const length = decodeBase64(source, 0, source.length, target);
    if (length < 0) refuse("badBody", `${this.place}.${name}Base64 is not base64`, "correct it");
    return target.slice(0, length);
  }
}

/** @throws RestError */
export function parseBody(body: Uint8Array): unknown {
  if (!isUtf8(body)) refuse("badBody", "the body is not UTF-8", "send JSON in UTF-8");
  try {
    return JSON.parse(decodeUtf8(body));
  } catch (error) {
    return refuse("badBody", `the body is not JSON: ${(error as Error).message}`, "correct it");
  }
}
