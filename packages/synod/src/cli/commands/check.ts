import type { Command } from "commander";
import { fileSettings } from "../../check/file/settings.ts";
import { targetSettings } from "../../check/target/settings.ts";
import { CliError } from "../errors.ts";
import { createOutput } from "../output.ts";
import { addSettings, settleFromProcess } from "../settings.ts";

const settings = { ...fileSettings, ...targetSettings };

export function registerCheck(program: Command): void {
  const command = program
    .command("check [file]")
    .description(
      "judge a recorded history, or drive a cluster and judge what its clients saw; exit code 1 if it is wrong",
    );
  addSettings(command, settings).action(async (file: string | undefined) => {
    const settled = settleFromProcess(settings, command);
    const output = createOutput(settled.json);
    if (file !== undefined && settled.target !== undefined) {
      throw new CliError("usage", "a file and --target exclude each other: judge what was recorded, or record it now");
    }
    if (file !== undefined) {
      const { checkFile } = await import("../../check/file/command.ts");
      process.exitCode = await checkFile(file, settled, output, settled.output);
    } else if (settled.target !== undefined) {
      const { checkTarget } = await import("../../check/target/command.ts");
      process.exitCode = await checkTarget(settled, output);
    } else
      throw new CliError("usage", "name a history, as in: synod check history.jsonl; or a cluster: --target synod");
  });
}
