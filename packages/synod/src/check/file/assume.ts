import type { History } from "@synod/checkers/history";
import { impossible, levelsOf, modelNames } from "@synod/checkers/judge";
import { CliError } from "../../cli/errors.ts";

/** What is judged, and what of it nobody said. */
export interface Question {
  readonly model: string;
  readonly levels: readonly [string, ...string[]];
  /** "model cas-register", "level linearizable": for a sentence. */
  readonly assumed: readonly string[];
}

/**
 * @param suggested the model that the file names or its verbs suggest; "txn" for transactions of some kind.
 * @throws CliError if no model is known, or it cannot be judged so.
 */
export function questionOf(
  history: History,
  suggested: string | undefined,
  asked: { readonly model?: string | undefined; readonly level?: readonly string[] | undefined },
): Question {
  const model = asked.model ?? named(history, suggested);
  if (model === undefined)
    throw new CliError(
      "usage",
      `${unnamed(history, suggested)}: name its model with --model, one of ${modelNames().join(", ")}`,
    );
  const [first, ...others] = asked.level ?? [levelsOf(model)[0] ?? ""];
  const levels = [first as string, ...others] as const;
  for (const level of levels) {
    const problem = impossible(model, level);
    if (problem !== undefined) throw new CliError("usage", problem);
  }
  const assumed = [
    ...(asked.model === undefined ? [`model ${model}`] : []),
    ...(asked.level === undefined ? [`level ${first}`] : []),
  ];
  return { model, levels, assumed };
}

function named(history: History, suggested: string | undefined): string | undefined {
  const model = suggested === "txn" ? transactionModel(history) : (suggested ?? messageModel(history));
  return model !== undefined && modelNames().includes(model) ? model : undefined;
}

/** Lists that are appended to, or registers that are written. */
function transactionModel(history: History): string | undefined {
  const verbs = new Set<unknown>();
  for (const { input } of history) {
    if (Array.isArray(input)) for (const micro of input) verbs.add(Array.isArray(micro) ? micro[0] : undefined);
  }
  if (verbs.has("append")) return "list-append";
  return verbs.has("w") ? "rw-register" : undefined;
}

/** What was delivered: to consumers of queues, or to all who take part in a broadcast. */
function messageModel(history: History): string | undefined {
  const verbs = new Set(history.map(({ f }) => f));
  if (!verbs.has("deliver")) return undefined;
  if (verbs.has("broadcast")) return "broadcast";
  return verbs.has("publish") ? "message-log" : undefined;
}

function unnamed(history: History, suggested: string | undefined): string {
  if (suggested !== undefined && suggested !== "txn") return `nothing here can judge a history of "${suggested}"`;
  const verbs = [...new Set(history.map(({ f }) => f))].slice(0, 6).map((verb) => JSON.stringify(verb));
  return `its operations (${verbs.join(", ") || "none"}) do not tell what it is a history of`;
}
