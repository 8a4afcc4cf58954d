/** What the manual says of locks and of fresh reads is what happens. Needs the program `curl`. */
import assert from "node:assert/strict";
import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StoreServer } from "../testing/store-server.ts";

const MANUAL = readFileSync(join(import.meta.dirname, "../../../../../docs/store.md"), "utf8");

/** The commands of a section, each with the line that stands under it. */
function steps(section: string): [command: string, said: string][] {
  const [, text = ""] = MANUAL.split(`\n## ${section}\n`);
  const [own = ""] = text.split("\n## ");
  return [...own.matchAll(/^\$ (curl .*)\n(.*)$/gm)].map(([, command, said]) => [command as string, said as string]);
}

function run(command: string): Promise<string> {
  return new Promise((resolve) => exec(command, (_error, stdout) => resolve(stdout.trim())));
}

for (const section of ["Locks and elections", "How fresh a read is"]) {
  test(`each command of "${section}" says what stands under it`, async () => {
    const server = await StoreServer.start();
    try {
      const all = steps(section);
      assert.equal(all.length, 3);
      for (const [command, said] of all) {
        const printed = await run(command.replace("localhost:2379", server.url).replace("curl", "curl -sS"));
        const literal = said.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        assert.match(printed, new RegExp(`^${literal.replaceAll("…", '[^"]*')}$`), command);
      }
    } finally {
      await server.close();
    }
  });
}
