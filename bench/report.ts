import { appendFileSync, mkdirSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";

/** What the figures depend on, kept with them. */
export function conditions(): Record<string, string | number> {
  const [cpu] = cpus();
  return {
    at: new Date().toISOString(),
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    /** Of the minute up to now: the benchmark's own load included. */
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** Appends one line to `bench/results/<name>.jsonl`. */
export function keep(name: string, result: object): void {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${name}.jsonl`), `${JSON.stringify({ ...conditions(), ...result })}\n`);
}

/** A Markdown table, columns padded so that it reads well unrendered too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
