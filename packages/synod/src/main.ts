import { CliError } from "./cli/errors.ts";
import { createProgram } from "./cli/program.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CliError)) throw error; // a bug, whose trace is wanted
  process.stderr.write(`synod: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
