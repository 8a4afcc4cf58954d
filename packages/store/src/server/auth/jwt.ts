import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import type { KnownCaller, Tokens } from "./tokens.ts";

export interface JwtSettings {
  /** RFC 7518: RS256, RS384, RS512, PS256 …, ES256 …, EdDSA, HS256 …. */
  readonly signMethod: string;
  /** PEM, or for HS… the secret itself. Absent: this node verifies tokens and gives none. */
  readonly privateKey?: string;
  /** PEM; not needed beside a private key. */
  readonly publicKey?: string;
  /** Seconds. */
  readonly ttl: number;
}

export const JWT_METHODS: ReadonlySet<string> = new Set([
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"],
]);

const MOST_TOKENS = 10_000;
const MOST_WAITING = 1000;
const MOST_LETTERS = 8192;

/**
 * Tokens that every member can judge by itself, signed by whoever holds the key: the claims `username`, `revision` (of the
 * users, when it was made) and `exp`. A verdict is remembered; verifying takes its time, so calls wait for it.
 */
export class JwtTokens implements Tokens {
  readonly #settings: JwtSettings;
  readonly #signKey: KeyObject | undefined;
  readonly #verifyKey: KeyObject;
  /** undefined: known to be none. */
  readonly #verified = new Map<string, KnownCaller | undefined>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #waitingCount = 0;

  /** @throws Error: a key is none, or not one for this method */
  constructor(settings: JwtSettings) {
    this.#settings = settings;
    const { privateKey, publicKey } = settings;
    if (settings.signMethod.startsWith("HS")) {
      this.#verifyKey = createSecretKey(privateKey ?? publicKey ?? "", "utf8");
      this.#signKey = this.#verifyKey;
      return;
    }
    this.#signKey = privateKey === undefined ? undefined : createPrivateKey(privateKey);
    this.#verifyKey = createPublicKey(publicKey ?? privateKey ?? "");
    for (const key of [this.#signKey, this.#verifyKey]) {
      const type = key?.asymmetricKeyType;
      if (type !== undefined && !suits(settings.signMethod, type)) throw new Error(`it is of the kind ${type}`);
    }
  }

  /** @returns undefined: this node has no key that it could sign with. */
  async sign(user: string, authRevision: number): Promise<string | undefined> {
    const { signMethod, ttl } = this.#settings;
    if (this.#signKey === undefined) return undefined;
    const claims = new SignJWT({ username: user, revision: authRevision })
      .setProtectedHeader({ alg: signMethod, typ: "JWT" })
      .setExpirationTime(Math.floor(Date.now() / 1000) + ttl);
    // A key that is too short, or on another curve, shows only here.
    return claims.sign(this.#signKey).catch(() => undefined);
  }

  find(token: string): KnownCaller | undefined {
    const found = this.#verified.get(token);
    if (found === undefined || found.expires > Date.now()) return found;
    this.#verified.set(token, undefined);
    return undefined;
  }

  wait(token: string, decided: () => void): boolean {
    if (this.#verified.has(token) || token.length > MOST_LETTERS || this.#waitingCount >= MOST_WAITING) return false;
    this.#waitingCount += 1;
    const waiting = this.#waiting.get(token);
    if (waiting !== undefined) waiting.push(decided);
    else {
      this.#waiting.set(token, [decided]);
      void this.#verify(token);
    }
    return true;
  }

  progress(): void {}

  async #verify(token: string): Promise<void> {
    const caller = await this.#judge(token);
    if (this.#verified.size >= MOST_TOKENS) {
      const [oldest = ""] = this.#verified.keys();
      this.#verified.delete(oldest);
    }
    this.#verified.set(token, caller);
    const waiting = this.#waiting.get(token) ?? [];
    this.#waiting.delete(token);
    this.#waitingCount -= waiting.length;
    for (const decided of waiting) decided();
  }

  async #judge(token: string): Promise<KnownCaller | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#verifyKey, { algorithms: [this.#settings.signMethod] });
      const { username, revision, exp } = payload;
      if (typeof username !== "string" || typeof revision !== "number" || exp === undefined) return undefined;
      return { user: username, authRevision: revision, expires: exp * 1000 };
    } catch {
      return undefined; // whatever is wrong with it: the client hears that it is invalid, and nothing more
    }
  }
}

function suits(signMethod: string, keyType: string): boolean {
  if (signMethod.startsWith("ES")) return keyType === "ec";
  if (signMethod === "EdDSA") return keyType === "ed25519";
  return keyType === "rsa" || (signMethod.startsWith("PS") && keyType === "rsa-pss");
}
