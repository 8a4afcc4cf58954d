/** docs/check.md as its reader lives it: every command is run, and prints and draws what the page shows. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Run } from "../../testing/run.ts";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "synod-docs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const page = readFileSync(join(root, "docs/check.md"), "utf8");
const blocks = [...page.matchAll(/^```text\n\$ npx synod (.*)\n([\s\S]*?)^```$/gm)].map(
  ([, command = "", shown = ""]) => ({
    command,
    shown,
  }),
);
const pictures = blocks.flatMap(({ command }) => /--picture (\S+)/.exec(command)?.[1] ?? []);

/** What takes another time each time. */
function steady(text: string): string {
  return text.replace(/(✓ holds|✗ violated|\? not decided)( +)[\d.]+ m?s$/gm, "$1$2…");
}

/** "…" stands for anything: within a line, or as a line for any number of them. */
function asPattern(shown: string): RegExp {
  const lines = steady(shown).trimEnd().split("\n");
  const escaped = lines.map((line) => {
    if (line === "…") return "[\\s\\S]*?";
    return line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*");
  });
  return new RegExp(`^${escaped.join("\n")}\n*$`);
}

for (const { command, shown } of blocks) {
  test(`synod ${command}`, async () => {
    const args = command.split(" ").map((word) => (pictures.includes(word) ? join(folder, basename(word)) : word));
    const run = new Run(args, { folder: root });
    run.process.stdin?.end();
    await run.ended();
    const said = steady(run.stdout + run.stderr).replaceAll(`${folder}/`, "docs/pictures/");
    assert.match(said, asPattern(shown));
    const picture = /--picture (\S+)/.exec(command)?.[1];
    if (picture === undefined) return;
    const drawn = readFileSync(join(folder, basename(picture)), "utf8");
    assert.ok(drawn === readFileSync(join(root, picture), "utf8"), `${picture} is not what is drawn: run the command`);
  });
}

test("the page shows every picture that is there, and each is drawn by a command on it", () => {
  const there = readdirSync(join(root, "docs/pictures")).filter((name) => name.endsWith(".svg"));
  const shown = [...page.matchAll(/\]\(pictures\/([^)]+)\)/g)].map(([, name]) => name);
  assert.ok(blocks.length >= 5);
  assert.deepEqual(shown.sort(), there.sort());
  assert.deepEqual(pictures.map((path) => basename(path)).sort(), there.sort());
});
