import { createLogger } from "@synod/runtime/log/logger";
import type { Command } from "commander";
import { basePorts } from "../../addresses.ts";
import { authSettings } from "../../auth-settings.ts";
import { nodeInCluster } from "../../member/node-in-cluster.ts";
import type { NodeOptions } from "../../node.ts";
import { runNode } from "../../run-node.ts";
import { measures, storeSettings } from "../../store-settings.ts";
import { nodeSecurity, securitySettings } from "../security-settings.ts";
import {
  addSettings,
  bytes,
  list,
  oneOf,
  optional,
  type Settled,
  settleFromProcess,
  text,
  toggle,
  whole,
} from "../settings.ts";

const MEBIBYTE = 1 << 20;

const serveSettings = {
  name: text("this node's name", "n1", "n1"),
  data: text("folder that keeps this node's data", ".synod/n1", "folder"),
  cluster: optional(text("the cluster's name (default: synod); nodes of another name are refused", "", "name")),
  join: list(
    "join a cluster that runs: its peers' or clients' addresses; add this node there first",
    [],
    "host:port,…",
  ),
  peers: list(
    "every node that the cluster begins with, and where its peers reach it (default: n1=127.0.0.1:2380)",
    [],
    "n1=host:port,…",
  ),
  clientUrls: list("where clients reach a node, when it is not one port below its peers", [], "n1=http://host:port,…"),
  host: text("address to listen on", "127.0.0.1", "address"),
  storePort: whole("port for clients of the store", basePorts.store, 0, 65_535, "port"),
  peerPort: whole("port for the other nodes", basePorts.peers, 0, 65_535, "port"),
  httpPort: whole("port for health, status and metrics", basePorts.http, 0, 65_535, "port"),
  ...securitySettings,
  authToken: text(
    "what users get for their password: simple, or jwt,sign-method=RS256,priv-key=<file>",
    "simple",
    "kind",
  ),
  authTokenTtl: whole("seconds without use after which a simple token counts no more", 300, 1, 1_000_000, "seconds"),
  bcryptCost: whole("how much work a password's hash is (the logarithm of rounds)", 10, 4, 14),
  quotaBackendBytes: bytes(
    "bytes that the store may use before it refuses to grow; 0: the default, 2 GiB; below 0: no bound",
  ),
  autoCompactionMode: oneOf("what counts as old: what was written before a time, or revisions", [
    "periodic",
    "revision",
  ]),
  autoCompactionRetention: text(
    "history that stays when the leader compacts by itself: hours or 1h30m; for revision, how many; 0: it never does",
    "0",
    "retention",
  ),
  compactUnderPressure: oneOf(
    "give up history, the oldest first, when three quarters of the bytes are used that the store may use",
    ["yes", "no"],
  ),
  prefixDepth: whole(
    "how many names of a key are its prefix, of which keys, bytes and writes are counted; 0: none",
    2,
    0,
    16,
  ),
  prefixDelimiter: text("what stands between the names", "/", "character"),
  rateLimit: whole(
    "requests a second that one user may make here, or one connection of nobody; watches and renewals are free; 0: no limit",
    0,
    0,
    1_000_000,
  ),
  rateBurst: whole("requests of one user that may come at once (default: those of a second)", 0, 0, 1_000_000),
  auditLog: optional(
    text("a file that is to have a line of JSON for each write: who, from where, what, but never a value", "", "file"),
  ),
  snapshotEvery: whole("MiB of log after which a snapshot is taken", 64, 1, 65_536, "MiB"),
  leaseReads: toggle(
    "let the leader serve reads by its lease, without asking the others: sound only while no node's clock runs more than " +
      "10 % faster than another's; the same on all nodes",
  ),
  log: oneOf("form of the log lines on standard error", ["human", "json"]),
  logLevel: oneOf("what is worth a line", ["info", "debug", "warn", "error"]),
};

export function registerServe(program: Command): void {
  const command = program.command("serve").description("run one node of a cluster, until SIGTERM");
  addSettings(command, serveSettings).action(() => serve(settleFromProcess(serveSettings, command)));
}

async function serve(settings: Settled<typeof serveSettings>): Promise<void> {
  const supervised = process.send !== undefined;
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.log,
    node: supervised && settings.log === "human" ? "" : settings.name, // who started us prints the name before each line
  });
  await runNode(
    () => nodeOptions(settings),
    logger,
    () => logger.info("ready"),
  );
}

async function nodeOptions(settings: Settled<typeof serveSettings>): Promise<NodeOptions> {
  const security = nodeSecurity(settings);
  return {
    ...(await nodeInCluster(settings, security)),
    data: settings.data,
    host: settings.host,
    ports: { store: settings.storePort, peers: settings.peerPort, http: settings.httpPort },
    ...security,
    auth: authSettings(settings),
    quotaBytes: settings.quotaBackendBytes,
    store: storeSettings(settings),
    auditLog: settings.auditLog,
    measures: measures(settings),
    snapshotEvery: settings.snapshotEvery * MEBIBYTE,
    leaseReads: settings.leaseReads,
  };
}
