import { DEFAULT_READ_LIMITS, type ReadLimits } from "./cursor.ts";
import { readEdn } from "./edn.ts";
import { bad, eventOf } from "./events.ts";
import { errorAt, HistoryError } from "./history-error.ts";
import type { HistoryEvent } from "./history-file.ts";

/** `INFO  jepsen.util - 3 :invoke :cas [1 4]`, tabs or spaces between; Jepsen's history.txt has the same without the front. */
const LINE = /^(?:.*\bjepsen[\w.]*\s+(?:-\s+)?)?(:?[\w-]+)\s+:(invoke|ok|fail|info)\s+(:[\w-]+)\s*(.*)$/;

/** The log of a Jepsen run: a line for each event, in between whatever else is logged. */
export function* readTextLog(text: string, limits: ReadLimits = DEFAULT_READ_LIMITS): Generator<HistoryEvent> {
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    if (end - at > limits.maxString) throw bad(text, at, `a line has more than ${limits.maxString} characters`);
    const found = LINE.exec(text.slice(at, end).trimEnd());
    if (found !== null) yield eventOfLine(found, text, at, limits);
    at = end + 1;
  }
}

function eventOfLine(found: RegExpExecArray, text: string, at: number, limits: ReadLimits): HistoryEvent {
  const [, who = "", type, f = "", rest = ""] = found;
  const process = /^\d+$/.test(who) ? Number(who) : who.replace(/^:/, "");
  // What follows the value is the error's text, in any form; the value of what came to nothing is not needed.
  const value =
    type === "invoke" || type === "ok" ? firstValue(rest, text, at + found[0].length - rest.length, limits) : null;
  return eventOf({ at, value: { process, type, f: f.slice(1), value } }, text);
}

function firstValue(rest: string, text: string, at: number, limits: ReadLimits): unknown {
  try {
    // All of it, for the sake of what may be wrong behind the value.
    const [form] = [...readEdn(`[${rest}]`, limits)];
    return form?.value ?? null;
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    throw errorAt(
      text,
      at + Math.max(error.column - 2, 0),
      error.code,
      `after the verb: ${error.problem}`,
      error.advice,
    );
  }
}
