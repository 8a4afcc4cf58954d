import { registerHooks } from "node:module";
import type { CheckerMutant } from "./mutants.ts";

type Checker = typeof import("../check.ts");

/** How this folder's modules are loaded a second time: with the place of the mutant in their address. */
const MARK = "?mutant=";
let planted: CheckerMutant | undefined;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const [, mark] = context.parentURL?.split(MARK) ?? [];
    const isOurs = mark !== undefined && resolved.url.includes("/src/transactions/") && !resolved.url.includes(MARK);
    return isOurs ? { ...resolved, url: `${resolved.url}${MARK}${mark}` } : resolved;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    if (planted === undefined || !url.includes(MARK) || !url.includes(`/transactions/${planted.file}?`)) return loaded;
    const parts = String(loaded.source).split(planted.find);
    if (parts.length !== 2)
      throw new Error(`${planted.name}: its piece occurs ${parts.length - 1} times in ${planted.file}`);
    return { ...loaded, source: parts.join(planted.replace) };
  },
});

/** The checker with one piece replaced while it is loaded; no file is touched. */
export async function plant(mutant: CheckerMutant, place: number): Promise<Checker> {
  planted = mutant;
  try {
    return (await import(new URL(`../check.ts${MARK}${place}`, import.meta.url).href)) as Checker;
  } finally {
    planted = undefined;
  }
}
