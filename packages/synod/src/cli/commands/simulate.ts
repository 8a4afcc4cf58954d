import type { Command } from "commander";
import type { WorldFlags } from "../../commands/sim.ts";
import { CliError } from "../errors.ts";
import { addSettings, oneOf, optional, settleFromProcess, text, toggle, whole } from "../settings.ts";

/** What makes a world; whatever is not given is drawn from its seed. */
const worldSettings = {
  nodes: optional(whole("how many nodes", 3, 1, 15)),
  seconds: optional(whole("virtual seconds under faults", 10, 1, 1_000_000)),
  clients: optional(whole("how many clients", 4, 0, 100)),
  disk: optional(oneOf("records with a watermark, or the real log over a disk of bytes", ["light", "full"])),
  faults: optional(text("kinds of faults with commas between them, or none", "", "kinds")),
  mutant: optional(text("a bug to plant, to see it found", "", "name")),
  json: toggle("print one JSON value"),
};

const simSettings = {
  seed: optional(whole("which world; without it, one that nobody has seen", 1, 0, Number.MAX_SAFE_INTEGER)),
  ...worldSettings,
  unshrunk: toggle("show a failure as it is, without looking for the least that still fails"),
  trace: optional(whole("print so many events before the end", 40, 1, 1_000_000)),
};

const swarmSettings = {
  seed: optional(whole("the first seed, the others follow it; without it, anywhere", 1, 0, Number.MAX_SAFE_INTEGER)),
  seeds: whole("how many worlds", 100, 1, 1_000_000_000),
  ...worldSettings,
  maxFailures: whole("stop after so many seeds that fail", 1, 1, 1_000_000),
};

const seedsOfPeople = 1_000_000_000;

export function registerSim(program: Command): void {
  const command = program.command("sim").description("run one simulated world and judge it; exit code 1 if it broke");
  addSettings(command, simSettings).action(async () => {
    const settings = settleFromProcess(simSettings, command);
    const { simCommand } = await import("../../commands/sim.ts");
    await assertWorld(settings);
    process.exitCode = simCommand({ ...settings, seed: settings.seed ?? anySeed(), shrink: !settings.unshrunk }, print);
  });
}

export function registerSwarm(program: Command): void {
  const command = program.command("swarm").description("run many simulated worlds; exit code 1 if one broke");
  addSettings(command, swarmSettings).action(async () => {
    const settings = settleFromProcess(swarmSettings, command);
    const { swarmCommand } = await import("../../commands/swarm.ts");
    await assertWorld(settings);
    process.exitCode = swarmCommand({ ...settings, seed: settings.seed ?? anySeed() }, print);
  });
}

/** @throws CliError if there is no such world. */
async function assertWorld(flags: WorldFlags): Promise<void> {
  const { worldConfig } = await import("../../commands/sim.ts");
  const config = worldConfig(flags);
  if (typeof config === "string") throw new CliError("settings", config);
}

/** Short enough to be read aloud. */
function anySeed(): number {
  return Math.floor(Math.random() * seedsOfPeople);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
