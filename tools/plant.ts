import { registerHooks } from "node:module";
import { MUTANTS } from "@synod/simulator/scenario/mutants";

/**
 * Plants one bug in this process: `node --import ./tools/plant.ts … ` with SYNOD_MUTANT=its name. The piece is replaced
 * while the module is loaded; no file is touched.
 */
const mutant = MUTANTS.find(({ name }) => name === process.env.SYNOD_MUTANT);
if (mutant === undefined) throw new Error(`SYNOD_MUTANT names no planted bug: "${process.env.SYNOD_MUTANT}"`);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(`/protocols/src/${mutant.file}`)) return loaded;
    const parts = String(loaded.source).split(mutant.find);
    if (parts.length !== 2)
      throw new Error(`${mutant.name}: its piece occurs ${parts.length - 1} times in ${mutant.file}`);
    return { ...loaded, source: parts.join(mutant.replace) };
  },
});
