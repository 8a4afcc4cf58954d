import { readFileSync } from "node:fs";
import { HistoryError } from "@synod/checkers/readers/history-error";
import type { HistoryFile, HistoryFormat } from "@synod/checkers/readers/history-file";
import { readHistory } from "@synod/checkers/readers/read-history";
import { CliError } from "../../cli/errors.ts";

/** A file's history, with what is told of the file. */
export interface ReadFile extends HistoryFile {
  /** "history.edn"; "standard input". */
  readonly name: string;
  readonly bytes: number;
}

/** V8 holds no longer text. */
const LONGEST = 2 ** 29 - 25;

/**
 * @param path "-" for standard input.
 * @throws CliError if there is no such file, or what is in it is no history: where it is wrong, and what to do.
 */
export function readFile(path: string, format: HistoryFormat | undefined): ReadFile {
  const name = path === "-" ? "standard input" : path;
  const data = load(path, name);
  if (data.length > LONGEST) {
    const most = Math.floor(LONGEST / 2 ** 20);
    throw new CliError("history", `${name} has more than ${most} MiB: split it, for example by key`);
  }
  try {
    return { ...readHistory(data, format === undefined ? {} : { format }), name, bytes: data.length };
  } catch (error) {
    if (error instanceof HistoryError) throw new CliError("history", `${name}, ${error.message}`);
    throw error;
  }
}

function load(path: string, name: string): Uint8Array {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const advice: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder: name the history in it",
      EACCES: "you may not read it",
      ERR_FS_FILE_TOO_LARGE: "it has more than 2 GiB: split it, for example by key",
    };
    throw new CliError("history", `${name} cannot be read (${code}): ${advice[code] ?? "name another"}`);
  }
}
