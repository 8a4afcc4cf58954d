import { DEFAULT_READ_LIMITS, type Form } from "./cursor.ts";
import { readEdn } from "./edn.ts";
import { eventOf } from "./events.ts";
import { errorAt } from "./history-error.ts";
import type { HistoryEvent, HistoryFile, HistoryFormat } from "./history-file.ts";
import { readJson } from "./json.ts";
import { pairEvents } from "./pairing.ts";
import { isPorcupine, readPorcupine } from "./porcupine.ts";
import { isSynod, readSynod } from "./synod-format.ts";
import { readTextLog } from "./text-log.ts";
import { decodeUtf8 } from "./utf8.ts";

export interface ReadOptions {
  /** Found out if it is not said. */
  readonly format?: HistoryFormat;
  /** Values are pairs of key and value (Jepsen's `independent`); found out if it is not said. */
  readonly independent?: boolean;
  /** 5 million if it is not said. */
  readonly maxOperations?: number;
  /** UTF-16 code units of one text; 4 Mi if it is not said. */
  readonly maxString?: number;
}

const MAX_OPERATIONS = 5_000_000;

/**
 * Reads a history from whatever recorded it: Jepsen's operations in EDN (one a line, or one vector) or JSON (lines, or one
 * array), its text log, Porcupine's operations in JSON, and our own form.
 *
 * @param data UTF-8 if it is bytes.
 * @throws HistoryError with line and column.
 */
export function readHistory(data: string | Uint8Array, options: ReadOptions = {}): HistoryFile {
  const decoded = typeof data === "string" ? data : decodeUtf8(data);
  const text = decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
  const format = options.format ?? formatOf(text);
  const limits = { ...DEFAULT_READ_LIMITS, maxString: options.maxString ?? DEFAULT_READ_LIMITS.maxString };
  const maxOperations = options.maxOperations ?? MAX_OPERATIONS;
  const pair = (events: Iterable<HistoryEvent>): HistoryFile =>
    pairEvents(events, text, {
      maxOperations,
      ...(options.independent === undefined ? {} : { independent: options.independent }),
    });
  const file = ((): HistoryFile => {
    switch (format) {
      case "edn":
        return pair(events(readEdn(text, limits), text));
      case "json":
        return pair(events(readJson(text, limits), text));
      case "log":
        return pair(readTextLog(text, limits));
      case "porcupine":
        return readPorcupine(readJson(text, limits), text, maxOperations);
      case "synod":
        return readSynod(readJson(text, limits), text, maxOperations);
    }
  })();
  if (file.history.length > 0 || file.faults.length > 0 || format === "synod") return file;
  throw errorAt(text, 0, "empty", "the file has no operation", "Is it the history of a run?");
}

function* events(forms: Iterable<Form>, text: string): Generator<HistoryEvent> {
  for (const form of forms) yield eventOf(form, text);
}

/** By the first characters, and in JSON by the first object's names. */
function formatOf(text: string): HistoryFormat {
  if (/^\s*$/.test(text.slice(0, 1000)) && text.trim() === "") {
    throw errorAt(text, 0, "empty", "the file is empty", "Record a history first.");
  }
  const beginning = text.slice(0, 10_000);
  if (/^\s*(?:\[\s*)?\{\s*["}]/.test(beginning)) return jsonFormat(text);
  if (/^\s*\[\s*\]\s*$/.test(beginning)) return "json";
  if (/^[\s,]*[[({#;^]/.test(beginning)) return "edn";
  if (/^(?:.*\bjepsen.*\s)?:?[\w-]+\s+:(?:invoke|ok|fail|info)\s+:/m.test(beginning)) return "log";
  const advice =
    "Known are Jepsen's operations in EDN, JSON or its log, Porcupine's in JSON, and Synod's own histories.";
  throw errorAt(text, 0, "unknown-format", "the file begins like no kind of history", advice);
}

function jsonFormat(text: string): HistoryFormat {
  const first = readJson(text).next();
  const value = first.done ? undefined : first.value.value;
  if (isSynod(value)) return "synod";
  return isPorcupine(value) ? "porcupine" : "json";
}
