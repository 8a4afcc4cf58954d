import { StoreError } from "../../model/errors.ts";
import type { StoreConnection } from "../connection.ts";
import type { MethodAccess } from "../method.ts";
import type { KnownCaller } from "./tokens.ts";

/** Messages of one call that may wait until its caller is known. */
const MOST_PARKED = 64;
const BEARER = /^bearer +/i;

/** Who makes the calls of one connection. Nothing here is asked while authentication is off. */
export class Callers {
  /** Whom the client's certificate is for, where clients are to show one. Not for calls that came as JSON. */
  certificateUser: string | undefined;
  readonly #connection: StoreConnection;
  /** Who opened the streams that may be open for long: a token need not be shown, and used, again there. */
  readonly #openers = new Map<number, KnownCaller>();
  /** Messages, and the end, of calls whose caller is not known yet. */
  readonly #parked = new Map<number, (() => void)[]>();
  #resuming = false;

  constructor(connection: StoreConnection) {
    this.#connection = connection;
  }

  /**
   * Whoever opened the stream, or whose token came with the call, or whom the certificate is for.
   * @returns undefined: nobody has said.
   * @throws StoreError `invalidAuthToken`
   */
  of(stream: number): KnownCaller | undefined {
    const opener = this.#openers.get(stream);
    if (opener !== undefined) return opener;
    const { auth } = this.#connection.service;
    const token = this.#token(stream);
    if (token === undefined)
      return this.certificateUser === undefined ? undefined : auth.certified(this.certificateUser);
    const caller = auth.tokens.find(token);
    if (caller === undefined) throw new StoreError("invalidAuthToken");
    return caller;
  }

  /** The stream may be open for long. */
  opened(stream: number): void {
    const caller = this.#connection.service.auth.enabled ? this.of(stream) : undefined;
    if (caller !== undefined) this.#openers.set(stream, caller);
  }

  /** @returns false: it is not known yet who calls, so `park` the message. @throws StoreError: it may not come in. */
  admit(stream: number, access: MethodAccess | undefined): boolean {
    if (access === "open") return true;
    if (this.#parked.has(stream)) return false;
    const { auth } = this.#connection.service;
    const token = this.#openers.has(stream) ? undefined : this.#token(stream);
    if (token !== undefined && auth.tokens.find(token) === undefined) {
      if (!this.#resuming && auth.tokens.wait(token, () => this.#resume(stream))) return false;
      throw new StoreError("invalidAuthToken");
    }
    auth.admit(this.of(stream), access);
    return true;
  }

  isParked(stream: number): boolean {
    return this.#parked.has(stream);
  }

  /** @param later called once it is known who calls, in order, unless the call is over by then. */
  park(stream: number, later: () => void): void {
    const parked = this.#parked.get(stream);
    if (parked === undefined) this.#parked.set(stream, [later]);
    else if (parked.length < MOST_PARKED) parked.push(later);
    else this.#connection.refuse(stream, "tooManyRequests");
  }

  /** The call is over. */
  forget(stream: number): void {
    this.#openers.delete(stream);
    this.#parked.delete(stream);
  }

  #resume(stream: number): void {
    const parked = this.#parked.get(stream) ?? [];
    this.#parked.delete(stream);
    this.#resuming = true; // what is not known now never will be
    try {
      for (const later of parked) later();
    } finally {
      this.#resuming = false;
    }
    this.#connection.touch();
  }

  #token(stream: number): string | undefined {
    const { grpc } = this.#connection;
    const token = grpc.metadata(stream, "token");
    if (token !== undefined && token !== "") return token;
    const authorization = grpc.metadata(stream, "authorization");
    return authorization === "" ? undefined : authorization?.replace(BEARER, "");
  }
}
