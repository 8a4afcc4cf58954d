import { type Compare, CompareResult, CompareTarget } from "../model/types.ts";
import type { HttpRequest } from "../server/ports/http-exchange.ts";
import { refuse } from "./problem.ts";

/** What a write requires of its key (RFC 9110 §13.1), as comparisons of a transaction; none: it requires nothing. */
export function writeConditions({ headers }: HttpRequest, key: Uint8Array): Compare[] {
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  if (match !== undefined && noneMatch !== undefined) {
    refuse("badCondition", "both If-Match and If-None-Match are there", "send the one that you mean");
  }
  if (noneMatch !== undefined && noneMatch !== "*") {
    refuse(
      "badCondition",
      `If-None-Match: ${noneMatch} says nothing about a write`,
      "send * for a key that must not be there",
    );
  }
  if (noneMatch !== undefined)
    return [{ key, target: CompareTarget.CREATE, result: CompareResult.EQUAL, createRevision: 0 }];
  if (match === undefined) return [];
  if (match === "*") return [{ key, target: CompareTarget.CREATE, result: CompareResult.GREATER, createRevision: 0 }];
  const revision = revisionOf(match);
  if (revision !== undefined) {
    return [{ key, target: CompareTarget.MOD, result: CompareResult.EQUAL, modRevision: revision }];
  }
  return refuse("badCondition", `If-Match: ${match} is no revision`, 'send the ETag of the key, such as "7", or *');
}

/** The tag of a key: the revision that it was changed at. */
export function etag(revision: number): string {
  return `"${revision}"`;
}

/** @returns undefined if the text is no tag of ours; the quotes may be left out. */
export function revisionOf(tag: string): number | undefined {
  const [, digits] = /^"?(\d{1,15})"?$/.exec(tag) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
