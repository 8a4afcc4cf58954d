/** What the manual says of the store over HTTP is what happens. Needs the program `curl`. */
import assert from "node:assert/strict";
import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StoreServer } from "../server/testing/store-server.ts";

interface Step {
  readonly command: string;
  readonly said: string;
}

/** The commands of the section, each with what stands under it. */
function steps(): Step[] {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/store.md"), "utf8");
  const [, section = ""] = text.split("\n## Over HTTP\n");
  const [own = ""] = section.split("\n## ");
  const blocks = [...own.matchAll(/^```text\n(\$ curl [\s\S]*?)^```$/gm)].map(([, block]) => block!);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const end = step.indexOf("\n");
        return { command: step.slice(0, end), said: step.slice(end + 1).trim() };
      }),
  );
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function run(command: string): Promise<string> {
  // A stream ends by curl's own time limit, which is no success: what it printed counts.
  return new Promise((resolve) => exec(command, (_error, stdout) => resolve(stdout.trim())));
}

test("each command of the manual says what stands under it", async () => {
  const server = await StoreServer.start();
  try {
    const all = steps();
    assert.ok(all.length >= 15);
    for (const { command, said } of all) {
      const printed = await run(command.replaceAll("localhost:2379", server.url).replace("curl", "curl -sS"));
      const pattern = said.split("…").map(literally).join('[^"]*');
      assert.match(printed, new RegExp(`^${pattern}$`), command);
    }
  } finally {
    await server.close();
  }
});
