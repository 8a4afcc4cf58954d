import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { StoreMethod } from "./method.ts";

/**
 * The calls of one connection that wait for the group, by token: parallel arrays with a list of free places, so that a
 * call costs no object. The group answers each token exactly once.
 */
export class Calls {
  readonly #streams: number[] = [];
  readonly #methods: StoreMethod[] = [];
  readonly #messages: Uint8Array[] = [];
  readonly #free: number[] = [];

  get waiting(): number {
    return this.#streams.length - this.#free.length;
  }

  /** @param message kept for calls that are executed only when the group has answered. @returns the token. */
  add(stream: number, method: StoreMethod, message: Uint8Array = EMPTY_BYTES): number {
    const token = this.#free.pop() ?? this.#streams.length;
    this.#streams[token] = stream;
    this.#methods[token] = method;
    this.#messages[token] = message;
    return token;
  }

  stream(token: number): number {
    return this.#streams[token] as number;
  }

  method(token: number): StoreMethod {
    return this.#methods[token] as StoreMethod;
  }

  message(token: number): Uint8Array {
    return this.#messages[token] as Uint8Array;
  }

  release(token: number): void {
    this.#messages[token] = EMPTY_BYTES;
    this.#free.push(token);
  }
}
