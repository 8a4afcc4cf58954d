import { openSync } from "node:fs";
import { createLogger, type Level, type Logger } from "@synod/runtime/log/logger";
import { DescriptorSink, type Sink } from "@synod/runtime/log/sink";
import { VERSION } from "@synod/store/server/options";
import { CliError } from "../cli/errors.ts";
import { runNode } from "../run-node.ts";
import { ETCD_FLAGS } from "./flags.ts";
import { notifySystemd } from "./notify.ts";
import { etcdNode } from "./plan.ts";
import { type EtcdSettings, readEtcdSettings } from "./settings.ts";

/** What `etcd` does with this command line. @throws CliError */
export async function runEtcd(args: readonly string[]): Promise<void> {
  if (args.some((arg) => /^--?(h|help)$/.test(arg))) return say(help());
  if (args.some((arg) => /^--?version$/.test(arg)))
    return say(`etcd Version: ${VERSION}\nSynod, speaking etcd's API\n`);
  if (args[0] === "gateway" || args[0] === "grpc-proxy")
    throw new CliError("usage", `there is no ${args[0]} here: clients reach every member by itself`);
  const settings = readEtcdSettings({ args, environment: process.env });
  const logger = loggerOf(settings);
  for (const remark of settings.remarks) logger.warn(remark);
  await runNode(
    () => etcdNode(settings),
    logger,
    () => {
      logger.info("ready to serve client requests", { urls: settings.text("listen-client-urls") });
      notifySystemd(logger);
    },
  );
}

const LEVELS: Readonly<Record<string, Level>> = { debug: "debug", info: "info", warn: "warn" };

function loggerOf(settings: EtcdSettings): Logger {
  const level = settings.flag("debug") ? "debug" : (LEVELS[settings.text("log-level")] ?? "error");
  const asJson =
    settings.isGiven("logger") && settings.text("logger") === "zap" && settings.text("log-format") === "json";
  const outputs = settings.list("log-outputs");
  return createLogger({
    level,
    format: asJson ? "json" : "human",
    node: settings.text("name"),
    sink: sinkOf(outputs.length === 0 ? ["default"] : outputs),
  });
}

/** Each line goes to all of them. */
function sinkOf(outputs: readonly string[]): Sink {
  const sinks = [...new Set(outputs.map(descriptorOf))].map((descriptor) => new DescriptorSink(descriptor));
  return {
    write: (text) => {
      for (const sink of sinks) sink.write(text);
    },
    flush: () => {
      for (const sink of sinks) sink.flush();
    },
  };
}

function descriptorOf(output: string): number {
  if (output === "stdout") return 1;
  if (output === "stderr" || output === "default" || output === "systemd/journal") return 2;
  try {
    return openSync(output, "a");
  } catch (error) {
    throw new CliError(
      "settings",
      `--log-outputs has ${output}, which cannot be written (${(error as Error).message})`,
    );
  }
}

function help(): string {
  const lines = Object.entries(ETCD_FLAGS).map(([name, { fallback, idle }]) => {
    const flag = `  --${name} '${fallback}'`;
    return idle === undefined ? flag : `${flag}\n      does nothing here: ${idle}`;
  });
  return (
    "Usage:\n\n  etcd [flags]\n    Start a member of a Synod cluster that is told everything as an etcd member is.\n\n" +
    `${lines.join("\n")}\n\nThe same in the environment (ETCD_DATA_DIR=…), or in YAML (--config-file), which then counts alone.\n`
  );
}

function say(text: string): void {
  process.stdout.write(text);
}
