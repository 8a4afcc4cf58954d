/**
 * `npm run differential -- --seed 1 --operations 100000 [--nodes 3]`: the same random operations to etcd and to Synod, whose
 * answers and hashes must be equal. Needs the program `etcd` (Debian: etcd-server).
 */
import { parseArgs } from "node:util";
import { hunt, keepInMemory } from "./hunt.ts";

keepInMemory();

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    operations: { type: "string", default: "100000" },
    nodes: { type: "string", default: "1" },
  },
});
const outcome = await hunt({
  seed: values.seed,
  operations: Number(values.operations),
  nodes: Number(values.nodes),
  shrinkForMs: 120_000,
  say: (line) => process.stdout.write(`${line}\n`),
});
process.exitCode = outcome === undefined ? 0 : 1;
