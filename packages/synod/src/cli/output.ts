import Table from "cli-table3";
import colors from "picocolors";

/** What a verb prints: for a person, or with `--json` one JSON value a line for a program. */
export interface Output {
  readonly json: boolean;
  /** Text for a person; nothing under `--json`. */
  say(text: string): void;
  /** A value for a program; nothing without `--json`. */
  value(value: unknown): void;
}

export function createOutput(
  json: boolean,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Output {
  return {
    json,
    say: (text) => {
      if (!json) write(`${text}\n`);
    },
    value: (value) => {
      if (json) write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** Columns without lines between them: easy on the eye, easy to copy. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "" };
  const also = { "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "" };
  const rendered = new Table({
    head: head.map((title) => colors.dim(title)),
    chars: { ...none, ...also, right: "", "right-mid": "", middle: "  " },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  rendered.push(...rows.map((row) => [...row]));
  return rendered
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

type Paint = (text: string) => string;
const paints: readonly Paint[] = [colors.cyan, colors.magenta, colors.yellow, colors.green, colors.blue, colors.red];

/** Each node's own colour, the same everywhere. @param node 1 for n1 */
export function paintOf(node: number): Paint {
  return paints[(node - 1) % paints.length] as Paint;
}

/** Milliseconds as a person says them. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const minutes = Math.floor(milliseconds / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes as a person says them. */
export function size(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "KiB", "MiB"]) {
    if (value < 1024) return unit === "B" ? `${value} B` : `${value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} GiB`;
}
