import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { mostNodes, type Ports, portsOf } from "../../addresses.ts";
import { openClusterFolder, wasRemoved } from "../../data-folder.ts";
import { NODE_FLAGS } from "../../node-flags.ts";
import { assertPortsFree } from "../../up/ports.ts";
import { type NodeEnd, type NodeProgram, Supervisor } from "../../up/supervisor.ts";
import { CliError } from "../errors.ts";
import { createOutput, duration, type Output, paintOf, table } from "../output.ts";
import { nodeSecurity, securityFlags, securitySettings } from "../security-settings.ts";
import { addSettings, type Settled, settleFromProcess, text, toggle, whole } from "../settings.ts";

const upSettings = {
  nodes: whole("how many nodes", 3, 1, mostNodes),
  data: text("folder that keeps the nodes' data", ".synod", "folder"),
  fresh: toggle("delete the cluster that is in the folder and begin anew"),
  portOffset: whole("added to every port, so that two clusters fit on one machine", 0, 0, 9_999, "number"),
  json: toggle("print events and log lines as JSON, one a line"),
  ...securitySettings,
};

const host = "127.0.0.1";
const patience = 10_000;

export function registerUp(program: Command): void {
  const command = program.command("up").description("start a cluster on this machine, one process per node");
  addSettings(command, upSettings).action(() => up(settleFromProcess(upSettings, command)));
}

async function up(settings: Settled<typeof upSettings>): Promise<void> {
  const begun = performance.now();
  nodeSecurity(settings); // said once, and not by each node
  const output = createOutput(settings.json);
  const ports = Array.from({ length: settings.nodes }, (_, index) => portsOf(index + 1, settings.portOffset));
  await assertPortsFree(host, ports);
  const { cluster } = openClusterFolder(settings.data, settings.nodes, settings.fresh);
  const programs = remaining(
    output,
    settings,
    ports.map((_, index) => nodeProgram(index + 1, ports, cluster, settings)),
  );

  let ready = false;
  let stopping = false;
  const supervisor = new Supervisor({
    line: (name, line) => printLine(output, name, line),
    ended: (name, end) => {
      if (ready && !end.asked) reportEnd(output, programs, name, end, supervisor.running);
      if (supervisor.running === 0 && !stopping) process.exitCode = 1;
    },
  });
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    const killed = await supervisor.stop(patience);
    const notice = killed.length === 0 ? "" : `; killed after ${duration(patience)}: ${killed.join(", ")}`;
    output.say(`all nodes have ended${notice}`);
    output.value({ event: "ended", killed });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop());

  try {
    const leaders = await Promise.all(programs.map((program) => startUnlessRemoved(supervisor, program, settings)));
    ready = true;
    const running = remaining(output, settings, programs);
    const pids = new Map(running.map(({ name }) => [name, supervisor.pidOf(name)]));
    const leader = leaders.findLast((name) => name !== undefined);
    reportReady(output, settings, ports, pids, leader, performance.now() - begun);
  } catch (error) {
    if (stopping) return; // ended while starting, because it was asked to
    await stop();
    throw new CliError("start", (error as Error).message);
  }
}

/** @returns who may start; of the others it is said why they may not. @throws CliError "start": nobody may */
function remaining(
  output: Output,
  { data }: Settled<typeof upSettings>,
  programs: readonly NodeProgram[],
): readonly NodeProgram[] {
  const left = programs.filter(({ name }) => !wasRemoved(join(data, name)));
  for (const { name } of programs) {
    if (left.some((program) => program.name === name)) continue;
    output.value({ event: "nodeRemoved", node: name });
    output.say(
      `${name} was removed from the cluster, and the others go on without it: ${join(data, name)} may be deleted`,
    );
  }
  if (left.length === 0) throw new CliError("start", `all nodes in ${data} were removed from their cluster`);
  return left;
}

/** It may have been removed while it was down, and then hears of it now. @returns as `Supervisor.start` */
async function startUnlessRemoved(
  supervisor: Supervisor,
  program: NodeProgram,
  { data }: Settled<typeof upSettings>,
): Promise<string | undefined> {
  try {
    return await supervisor.start(program);
  } catch (error) {
    if (wasRemoved(join(data, program.name))) return undefined;
    throw error;
  }
}

function nodeProgram(
  node: number,
  ports: readonly Ports[],
  cluster: string,
  settings: Settled<typeof upSettings>,
): NodeProgram {
  const name = `n${node}`;
  const own = ports[node - 1] as Ports;
  const options: Readonly<Record<string, string>> = {
    "--name": name,
    "--data": join(settings.data, name),
    "--cluster": cluster,
    "--peers": ports.map((peer, index) => `n${index + 1}=${host}:${peer.peers}`).join(","),
    "--host": host,
    "--store-port": String(own.store),
    "--peer-port": String(own.peers),
    "--http-port": String(own.http),
    "--log": settings.json ? "json" : "human",
  };
  const binary = fileURLToPath(import.meta.resolve("../../../bin/synod.mjs"));
  const args = [...NODE_FLAGS, binary, "serve", ...Object.entries(options).flat(), ...securityFlags(settings)];
  return { name, program: process.execPath, args };
}

function printLine(output: Output, name: string, line: string): void {
  if (output.json) process.stdout.write(`${line}\n`);
  else output.say(`${paintOf(Number(name.slice(1)))(`${name} │`)} ${line}`);
}

function reportReady(
  output: Output,
  settings: Settled<typeof upSettings>,
  ports: readonly Ports[],
  pids: ReadonlyMap<string, number | undefined>,
  leader: string | undefined,
  milliseconds: number,
): void {
  const all = ports.map((own, index) => ({
    node: `n${index + 1}`,
    store: `${host}:${own.store}`,
    peers: `${host}:${own.peers}`,
    http: `http://${host}:${own.http}`,
    data: join(settings.data, `n${index + 1}`),
    process: pids.get(`n${index + 1}`),
  }));
  const nodes = all.filter(({ node }) => pids.has(node));
  output.value({ event: "ready", milliseconds: Math.round(milliseconds), leader, nodes });
  const count = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
  output.say(`\nready in ${duration(milliseconds)}: ${count}${leader === undefined ? "" : `, ${leader} leads`}\n`);
  const rows = nodes.map((node) => [
    paintOf(Number(node.node.slice(1)))(node.node),
    node.store,
    node.peers,
    node.http,
    node.data,
    String(node.process),
  ]);
  output.say(table(["node", "store", "peers", "HTTP", "data", "process"], rows));
  output.say("\nOpen to every program on this machine. Ctrl-C ends all nodes; their data stay.\n");
}

function reportEnd(
  output: Output,
  programs: readonly NodeProgram[],
  name: string,
  end: NodeEnd,
  running: number,
): void {
  output.value({ event: "nodeEnded", node: name, how: end.how, sentence: end.sentence, running });
  const reason = end.sentence === undefined ? "" : ` (${end.sentence})`;
  const left = running === 0 ? "none is left" : `${running} go on`;
  const { args = [] } = programs.find((program) => program.name === name) ?? {};
  output.say(`\n${name} ended by ${end.how}${reason}; ${left}. To start it again:\n  ${commandLine(args)}\n`);
}

function commandLine([binary = "", ...args]: readonly string[]): string {
  return ["node", relative(resolve("."), binary), ...args].join(" ");
}
