import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Raft } from "@synod/protocols/raft/raft";
import { recover } from "@synod/protocols/raft/recovery";
import { Sessions } from "@synod/protocols/sessions";
import { perform } from "@synod/simulator/scenario/perform";
import { parseScript, recordScript } from "@synod/simulator/scenario/script";

/**
 * Writes anew what the members say in each golden scenario (`npm run golden`). Read the difference before you keep it:
 * every changed line is a change of behaviour.
 */
const folder = join(import.meta.dirname, "..", "scenarios", "raft");
let failures = 0;
for (const name of readdirSync(folder).sort()) {
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  const { said, failure } = perform(parseScript(text), { Raft, recover, Sessions });
  if (failure === undefined) {
    writeFileSync(path, recordScript(text, said));
  } else {
    failures++;
    console.error(`${name}:${failure.line}: ${failure.reason}`);
  }
}
if (failures > 0) process.exitCode = 1;
