import { Command } from "commander";
import { registerServe } from "./commands/serve.ts";
import { registerUp } from "./commands/up.ts";

/** An example first, then what there is: who asks for help wants to see it done. */
const examples: Readonly<Record<string, readonly string[]>> = {
  synod: ["synod up", "synod kv put hello world", "synod status --watch"],
  up: ["synod up", "synod up --nodes 5 --data ./cluster --fresh"],
  serve: [
    "synod serve --name n1 --data ./n1 --host 10.0.0.1 \\",
    "    --peers n1=10.0.0.1:2380,n2=10.0.0.2:2380,n3=10.0.0.3:2380",
  ],
};

export function createProgram(): Command {
  const program = new Command("synod")
    .description("Distributed systems you can run, break and prove.")
    .showSuggestionAfterError(true)
    .enablePositionalOptions();
  registerUp(program);
  registerServe(program);
  for (const command of [program, ...program.commands]) showExamples(command);
  return program;
}

function showExamples(command: Command): void {
  const lines = examples[command.name()] ?? [];
  if (lines.length > 0) command.addHelpText("before", `${lines.map((line) => `  $ ${line}`).join("\n")}\n`);
}
