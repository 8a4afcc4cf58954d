import type { Command } from "commander";

/** Everything behind the verb is etcd's own command line. */
export function registerEtcd(program: Command): void {
  program
    .command("etcd")
    .description("run one node with etcd's own flags, ETCD_… variables or --config-file (synod etcd --help lists them)")
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument("[flags...]")
    .passThroughOptions()
    .action(async (args: string[]) => {
      const { runEtcd } = await import("../../etcd/command.ts");
      await runEtcd(args);
    });
}
