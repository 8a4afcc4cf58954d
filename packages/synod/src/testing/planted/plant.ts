/**
 * Plants a bug into the nodes that a command under test starts: `NODE_OPTIONS="--import …/plant.ts"` with SYNOD_PLANTED_BUG
 * its name and NODE_ENV=test. A judge that has never seen a culprit proves nothing, so the tests of `synod check` give it some.
 *
 * Pieces of source are replaced while a node loads them; no file is touched. No command reads these variables and no
 * source has a switch, so that nothing can be turned on where this file is not named to Node itself.
 */
import { registerHooks } from "node:module";
import { PLANTED, type PlantedBug } from "./bugs.ts";
import { ForgetfulFile } from "./forgetful-file.ts";

const name = process.env.SYNOD_PLANTED_BUG ?? "";
if (process.env.NODE_ENV !== "test") throw new Error("bugs are planted in tests alone: NODE_ENV is not test");
if (!Object.hasOwn(PLANTED, name)) throw new Error(`SYNOD_PLANTED_BUG names no planted bug: "${name}"`);

// The command that starts the nodes, and judges them, stays as it is.
if (process.argv[2] === "serve") plant(name as PlantedBug);

function plant(bug: PlantedBug): void {
  const pieces = PLANTED[bug];
  Object.assign(globalThis, {
    synodPlantedDisk: {
      lying: (file: ConstructorParameters<typeof ForgetfulFile>[0]) => new ForgetfulFile(file, true),
      honest: (file: ConstructorParameters<typeof ForgetfulFile>[0]) => new ForgetfulFile(file, false),
    },
  });
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const piece = pieces.find(({ file }) => url.endsWith(`/packages/${file}`));
      if (piece === undefined) return loaded;
      const parts = String(loaded.source).split(piece.find);
      if (parts.length !== 2)
        throw new Error(`${bug}: its piece occurs ${parts.length - 1} times in ${piece.file}, and not once`);
      return { ...loaded, source: parts.join(piece.replace) };
    },
  });
}
