import type { HttpRequest } from "../server/http-exchange.ts";

const BEARER = /^bearer +/i;

/**
 * What a call's metadata are in a request of HTTP: the token is what `Authorization` holds, as it is or behind `Bearer`;
 * everything else comes in fields with `Grpc-Metadata-` before its name. @param name lower-case
 */
export function metadataOf({ headers }: HttpRequest, name: string): string | undefined {
  const prefixed = headers.get(`grpc-metadata-${name}`);
  if (prefixed !== undefined || (name !== "token" && name !== "authorization")) return prefixed;
  return headers.get("authorization")?.replace(BEARER, "");
}
