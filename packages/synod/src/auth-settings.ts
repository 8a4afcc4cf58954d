import { readFileSync } from "node:fs";
import type { AuthSettings } from "@synod/store/server/auth/gate";
import { JWT_METHODS, type JwtSettings, JwtTokens } from "@synod/store/server/auth/jwt";
import { CliError } from "./cli/errors.ts";

/** The settings of signing in, named as etcd's are. */
export interface AuthFlags {
  /** `simple`, or `jwt,sign-method=…,priv-key=…,pub-key=…,ttl=…`. */
  readonly authToken: string;
  /** Seconds. */
  readonly authTokenTtl: number;
  readonly bcryptCost: number;
}

/** @throws CliError "settings": what is wrong in `--auth-token`, and how it is meant */
export function authSettings({ authToken, authTokenTtl, bcryptCost }: AuthFlags): AuthSettings {
  const [kind, ...options] = authToken.split(",");
  if (kind === "simple" && options.length === 0) return { bcryptCost, tokenTtl: authTokenTtl };
  if (kind !== "jwt") throw wrong("is neither simple nor jwt,…");
  return { bcryptCost, tokenTtl: authTokenTtl, jwt: jwtSettings(options) };
}

const OPTIONS: ReadonlySet<string> = new Set(["sign-method", "priv-key", "pub-key", "ttl"]);

function jwtSettings(options: readonly string[]): JwtSettings {
  const given = new Map<string, string>();
  for (const option of options) {
    const [name = "", ...value] = option.split("=");
    if (!OPTIONS.has(name)) throw wrong(`has an unknown option ${name}`);
    given.set(name, value.join("="));
  }
  const signMethod = given.get("sign-method") ?? "";
  if (!JWT_METHODS.has(signMethod)) throw wrong(`needs sign-method=, one of ${[...JWT_METHODS].join(", ")}`);
  const privateKey = readKey(given.get("priv-key"));
  const publicKey = readKey(given.get("pub-key"));
  if (privateKey === undefined && publicKey === undefined) throw wrong("needs priv-key=<file>, or pub-key=<file>");
  const settings = {
    signMethod,
    ttl: seconds(given.get("ttl") ?? "5m"),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(publicKey === undefined ? {} : { publicKey }),
  };
  try {
    new JwtTokens(settings);
  } catch (error) {
    throw wrong(`names a key that cannot be used for ${signMethod} (${(error as Error).message})`);
  }
  return settings;
}

function readKey(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw wrong(`names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ["h", 3600],
  ["m", 60],
  ["s", 1],
]);

/** Go's way of writing it: 90s, 10m, 1h30m. */
function seconds(duration: string): number {
  if (!/^(\d+[hms])+$/.test(duration)) throw wrong(`has ttl=${duration}: write 90s, 10m or 1h`);
  let sum = 0;
  for (const [, number, unit = ""] of duration.matchAll(/(\d+)([hms])/g))
    sum += Number(number) * (UNITS.get(unit) ?? 0);
  if (sum === 0) throw wrong("has a ttl of nothing");
  return sum;
}

function wrong(what: string): CliError {
  return new CliError("settings", `--auth-token ${what}: give simple, or jwt,sign-method=RS256,priv-key=<file>,ttl=5m`);
}
