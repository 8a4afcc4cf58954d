/** The programs of docs/recipes.md, as their readers would run them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type StoreServer, servers } from "../testing/servers.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const page = readFileSync(`${root}docs/recipes.md`, "utf8");
const programs = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
const expected = [/^\d+ goes along .* true\n$/, /^job\/1\n$/, /^blue at revision \d+\n1 changes\n$/];

let server: StoreServer;
before(async () => {
  server = await servers.synod();
});
after(() => server.stop());

test("each program of the page is run", () => {
  assert.equal(programs.length, expected.length);
});

for (const [index, output] of expected.entries())
  test(`program ${index + 1} of the page does what it says`, async () => {
    const program = spawn(process.execPath, ["--input-type=module-typescript", "-"], { cwd: root });
    const ended = once(program, "exit");
    program.stdin.end((programs[index] as string).replaceAll("127.0.0.1:2379", server.endpoint));
    const [printed, complained] = await Promise.all([text(program.stdout), text(program.stderr)]);
    assert.equal((await ended)[0], 0, complained);
    assert.match(printed, output);
  });
