import { readFileSync } from "node:fs";
import { Command } from "commander";
import { registerCheck } from "./commands/check.ts";
import { registerEtcd } from "./commands/etcd.ts";
import { registerKv } from "./commands/kv.ts";
import { registerMember } from "./commands/member.ts";
import { registerServe } from "./commands/serve.ts";
import { registerSim, registerSwarm } from "./commands/simulate.ts";
import { registerSnapshot } from "./commands/snapshot.ts";
import { registerStatus } from "./commands/status.ts";
import { registerUp } from "./commands/up.ts";

/** An example first, then what there is: who asks for help wants to see it done. */
const examples: Readonly<Record<string, readonly string[]>> = {
  synod: ["synod up", "synod kv put hello world", "synod status --watch", "synod sim --seed 7"],
  status: ["synod status", "synod status --watch"],
  kv: ["synod kv put door open", "synod kv get door", "synod kv watch --prefix do"],
  get: ["synod kv get door", "synod kv get --prefix rooms/ --limit 10"],
  put: ["synod kv put door open", "cat plan.json | synod kv put plan"],
  del: ["synod kv del door", "synod kv del --prefix rooms/"],
  watch: ["synod kv watch door", "synod kv watch --prefix rooms/ --from 17 --json"],
  txn: ["synod kv txn --if 'version(door) = 0' --then 'put door mine' --else 'get door'"],
  member: [
    "synod member add n4 --learner --peer-urls http://10.0.0.4:2380",
    "synod serve --name n4 --data ./n4 --host 10.0.0.4 --join 10.0.0.1:2379",
    "synod member promote n4",
  ],
  snapshot: ["synod snapshot save monday.db", "synod snapshot status monday.db"],
  save: ["synod snapshot save monday.db --endpoints 10.0.0.1:2379"],
  restore: [
    "synod snapshot restore monday.db --nodes 3 --data ./restored && synod up --data ./restored",
    "synod snapshot restore monday.db --name n1 --data ./n1 --cluster tuesday \\",
    "    --peers n1=10.0.0.1:2380,n2=10.0.0.2:2380,n3=10.0.0.3:2380",
  ],
  sim: ["synod sim --seed 7", "synod sim --seed 1 --mutant staleReads --trace 20"],
  swarm: ["synod swarm --seeds 100", "synod swarm --seeds 1000 --nodes 5 --faults crash,partition --json"],
  check: [
    "synod check history.edn --picture verdict.html",
    "synod check history.jsonl --model kv --level sequential",
    "synod check --target synod --time 5m --nemesis kill,pause,partition",
  ],
  up: ["synod up", "synod up --nodes 5 --data ./cluster --fresh"],
  etcd: ["synod etcd --name n1 --data-dir ./n1 --initial-cluster n1=http://localhost:2380"],
  serve: [
    "synod serve --name n1 --data ./n1 --host 10.0.0.1 \\",
    "    --peers n1=10.0.0.1:2380,n2=10.0.0.2:2380,n3=10.0.0.3:2380",
  ],
};

export function createProgram(): Command {
  const about = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  const program = new Command("synod")
    .description("Distributed systems you can run, break and prove.")
    .version(about.version, "--version", "say which version this is")
    .showSuggestionAfterError(true)
    .enablePositionalOptions();
  registerUp(program);
  registerServe(program);
  registerEtcd(program);
  registerStatus(program);
  registerKv(program);
  registerMember(program);
  registerSnapshot(program);
  registerSim(program);
  registerSwarm(program);
  registerCheck(program);
  showExamples(program);
  return program;
}

function showExamples(command: Command): void {
  const lines = examples[command.name()] ?? [];
  if (lines.length > 0)
    command.addHelpText("before", `${lines.map((line) => (line.startsWith(" ") ? line : `  $ ${line}`)).join("\n")}\n`);
  for (const verb of command.commands) showExamples(verb);
}
