import { withPrefix } from "@synod/client/bytes";
import type { Compare, CompareResult, Operation } from "@synod/client/messages/txn";
import { compare, op } from "@synod/client/txn";
import { CliError } from "./errors.ts";

/**
 * Conditions and operations as a person types them:
 *
 *     value(door) = open      version(door) = 0      modified(door) > 17      created(door) != 0      lease(door) = 0
 *     put door closed         get door               get --prefix do          del door
 *
 * Words with spaces stand in double quotes, with JSON's escapes.
 */
export function parseCondition(text: string): Compare {
  const match = /^\s*(\w+)\s*\(\s*("(?:\\.|[^"\\])*"|[^\s()"]+)\s*\)\s*(=|!=|<|>)\s*("(?:\\.|[^"\\])*"|\S+)\s*$/.exec(
    text,
  );
  if (match === null) throw wrong("condition", text, 'write it as in value(door) = open, or version("my door") = 0');
  const [, target = "", key = "", result = "", to = ""] = match;
  return conditionOf(target, unquoted(key, text), result as CompareResult, unquoted(to, text), text);
}

function conditionOf(target: string, key: string, result: CompareResult, to: string, text: string): Compare {
  switch (target) {
    case "value":
      return compare.value(key, result, to);
    case "version":
      return compare.version(key, result, wholeNumber(to, text));
    case "modified":
      return compare.modRevision(key, result, wholeNumber(to, text));
    case "created":
      return compare.createRevision(key, result, wholeNumber(to, text));
    case "lease":
      return compare.lease(key, result, BigInt(wholeNumber(to, text)));
    default:
      throw wrong("condition", text, "it can look at value, version, modified, created or lease");
  }
}

export function parseOperation(text: string): Operation {
  const words = text.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
  const [verb, ...rest] = words.map((word) => unquoted(word, text));
  const prefix = rest[0] === "--prefix";
  const [key, value, ...more] = prefix ? rest.slice(1) : rest;
  if (key === undefined || more.length > 0) throw wrong("operation", text, "write put KEY VALUE, get KEY or del KEY");
  const keys = prefix ? withPrefix(key) : key;
  if (verb === "put" && value !== undefined && !prefix) return op.put(key, value);
  if (verb === "get" && value === undefined) return op.get(keys);
  if (verb === "del" && value === undefined) return op.delete(keys);
  throw wrong("operation", text, "write put KEY VALUE, get KEY or del KEY, the latter two perhaps with --prefix");
}

function unquoted(word: string, text: string): string {
  if (!word.startsWith('"')) return word;
  try {
    return JSON.parse(word) as string;
  } catch {
    throw wrong("quotation", text, "between double quotes JSON's escapes are needed");
  }
}

function wholeNumber(word: string, text: string): number {
  const value = Number(word);
  if (!Number.isSafeInteger(value) || value < 0) throw wrong("condition", text, "compare with a whole number");
  return value;
}

function wrong(what: string, text: string, advice: string): CliError {
  return new CliError("usage", `"${text}" is no ${what}: ${advice}`);
}
