import type { HttpRequest } from "../server/ports/http-exchange.ts";

const BEARER = /^bearer +/i;
const OWN = "synod-";

function queried(target: string, name: string): string | undefined {
  const query = target.indexOf("?");
  return query < 0 ? undefined : (new URLSearchParams(target.slice(query)).get(name.slice(OWN.length)) ?? undefined);
}

/**
 * What a call's metadata are in a request of HTTP: the token is what `Authorization` holds, as it is or behind `Bearer`;
 * everything else comes in fields with `Grpc-Metadata-` before its name, and what is Synod's own also in fields of its name
 * (`synod-consistency`) or in the query (`?consistency=`). @param name lower-case
 */
export function metadataOf({ headers, target }: HttpRequest, name: string): string | undefined {
  if (name.startsWith(OWN)) return headers.get(name) ?? headers.get(`grpc-metadata-${name}`) ?? queried(target, name);
  const prefixed = headers.get(`grpc-metadata-${name}`);
  if (prefixed !== undefined || (name !== "token" && name !== "authorization")) return prefixed;
  return headers.get("authorization")?.replace(BEARER, "");
}
