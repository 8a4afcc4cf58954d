/**
 * A scenario is a text that a person reads and a program performs: comment lines tell the story, each command stands on a
 * line of its own, and what it makes the members say stands indented beneath it. `record` writes those lines; a change in
 * them is a change of behaviour, to be read and understood before it is kept.
 */
export interface Script {
  readonly title: string;
  /** What to watch, from the comment lines under the title. */
  readonly description: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly line: number;
  readonly words: readonly string[];
  readonly expected: readonly string[];
}

export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly line: number;
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

const INDENT = "    ";

/** @throws ScriptError for a text that begins with no title or with an indented line. */
export function parseScript(text: string): Script {
  const lines = text.split("\n");
  const title = /^# (.+)$/.exec(lines[0] ?? "")?.[1];
  if (title === undefined) throw new ScriptError(1, "a scenario begins with a line like `# Figure 8: …`");
  const steps: { line: number; words: string[]; expected: string[] }[] = [];
  const description: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.startsWith(INDENT)) {
      const step = steps.at(-1);
      if (step === undefined) throw new ScriptError(i + 1, "an expected line before the first command");
      step.expected.push(line.slice(INDENT.length));
    } else if (line.startsWith("#")) {
      if (i > 0 && steps.length === 0) description.push(line.replace(/^# ?/, ""));
    } else if (line.trim() !== "") {
      steps.push({ line: i + 1, words: line.trim().split(/\s+/), expected: [] });
    }
  }
  return { title, description: description.join(" ").trim(), steps };
}

/** The same text with `said[i]` beneath command i: comments and blank lines stay where they are. */
export function recordScript(text: string, said: readonly (readonly string[])[]): string {
  const out: string[] = [];
  let step = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith(INDENT)) continue;
    out.push(line);
    if (line.startsWith("#") || line.trim() === "") continue;
    for (const words of said[step++] ?? []) out.push(`${INDENT}${words}`);
  }
  return out.join("\n");
}
