import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `npm run bench -- store --rounds 1`: runs one benchmark by its name; the rest of the command line is its own. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ main(args: readonly string[]): Promise<void> }>>> = {
  client: () => import("./client.ts"),
  fairness: () => import("./fairness.ts"),
  judge: () => import("./judge.ts"),
  keepalive: () => import("./keep-alive.ts"),
  million: () => import("./million.ts"),
  paced: () => import("./paced.ts"),
  pause: () => import("./pause.ts"),
  perf: () => import("./check-perf.ts"),
  raft: () => import("./raft.ts"),
  simulation: () => import("./simulation.ts"),
  start: () => import("./start.ts"),
  store: () => import("./store.ts"),
  txn: () => import("./txn.ts"),
  wal: () => import("./wal.ts"),
  watch: () => import("./watch.ts"),
};

/** What a benchmark puts into the folder for temporary files goes when this process ends, however it ends. */
function cleanUpAtExit(): void {
  const folder = mkdtempSync(join(tmpdir(), "synod-bench-"));
  process.env.TMPDIR = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  // Nodes are ended at this process's exit, which a signal by itself does not bring about.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
}

const [name = "", ...args] = process.argv.slice(2);
const load = BENCHMARKS[name];
if (load === undefined) {
  console.error(`"${name}" is no benchmark; there are: ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exitCode = 2;
} else {
  const benchmark = await load();
  cleanUpAtExit();
  await benchmark.main(args);
}
