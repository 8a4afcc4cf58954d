import type { HistoryFormat } from "@synod/checkers/readers/history-file";
import { list, oneOf, optional, type Setting, text, toggle } from "../../cli/settings.ts";
import { type CheckLimits, parseLimits } from "./limits.ts";

/** What `synod check FILE` is told. */
export interface FileSettings {
  readonly model: string | undefined;
  readonly level: readonly string[] | undefined;
  readonly format: "auto" | HistoryFormat;
  readonly key: string | undefined;
  readonly picture: string | undefined;
  readonly limit: CheckLimits | undefined;
  readonly json: boolean;
}

const NONE: CheckLimits = {};
const FORMATS = ["auto", "edn", "json", "log", "porcupine", "synod"] as const;

export const fileSettings: { readonly [Key in keyof FileSettings]: Setting<FileSettings[Key]> } = {
  model: optional(text("what the operations do: cas-register, kv, list-append… (default: by their verbs)", "", "name")),
  level: optional(list("what was promised: linearizable, serializable… (default: the usual)", [], "level,…")),
  format: oneOf("how a history was recorded; auto finds out", FORMATS),
  key: optional(text("judge the operations on this key alone", "", "key")),
  picture: optional(text("draw the verdict: a page if it ends in .html, a drawing if it ends in .svg", "", "file")),
  limit: optional({
    about: "give up after so much time or memory: 30s, 2GiB, or both as 30s,2GiB (default: 60s)",
    placeholder: "limit",
    wants: "a time such as 90s or 5m, an amount of memory such as 2GiB, or both with a comma between",
    parse: parseLimits,
    fallback: NONE,
  }),
  json: toggle("print one JSON value"),
};
