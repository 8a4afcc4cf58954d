/** `npm run bench -- store --rounds 1`: runs one benchmark by its name; the rest of the command line is its own. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ main(args: readonly string[]): Promise<void> }>>> = {
  client: () => import("./client.ts"),
  fairness: () => import("./fairness.ts"),
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

const [name = "", ...args] = process.argv.slice(2);
const load = BENCHMARKS[name];
if (load === undefined) {
  console.error(`"${name}" is no benchmark; there are: ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exitCode = 2;
} else {
  const benchmark = await load();
  await benchmark.main(args);
}
