import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RaftRules } from "@synod/simulator/scenario/member";
import type { Mutant } from "@synod/simulator/scenario/mutants";

const source = join(import.meta.dirname, "..", "packages", "protocols", "src");
/** Inside the package, so that the copy finds its dependencies; ignored by git. */
const copies = join(import.meta.dirname, "..", "packages", "protocols", ".mutants");

/** The rules with one bug planted: a copy of the sources with one piece replaced. @throws Error if the piece is not there */
export async function loadMutant(mutant: Mutant): Promise<RaftRules & { dispose(): void }> {
  const folder = join(copies, `${process.pid}-${mutant.scenario}-${mutant.name.replaceAll(/\W+/g, "-")}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  const path = join(folder, mutant.file);
  const text = readFileSync(path, "utf8");
  const parts = text.split(mutant.find);
  if (parts.length !== 2) {
    rmSync(folder, { recursive: true });
    throw new Error(`${mutant.name}: its piece occurs ${parts.length - 1} times in ${mutant.file}, expected once`);
  }
  writeFileSync(path, parts.join(mutant.replace));
  const load = (name: string): Promise<unknown> => import(pathToFileURL(join(folder, name)).href);
  const { Raft } = (await load("raft/raft.ts")) as Pick<RaftRules, "Raft">;
  const { recover } = (await load("raft/recovery.ts")) as Pick<RaftRules, "recover">;
  const { Sessions } = (await load("sessions.ts")) as Pick<RaftRules, "Sessions">;
  return { Raft, recover, Sessions, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
