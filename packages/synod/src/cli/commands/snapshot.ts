import { join } from "node:path";
import { type BackupSummary, summarize } from "@synod/store/backup/backend-reader";
import type { Imported } from "@synod/store/backup/import";
import type { Command } from "commander";
import { mostNodes, type Peer, parsePeers, peerAddress, portsOf } from "../../addresses.ts";
import { openClusterFolder } from "../../data-folder.ts";
import { asSnapshotError, openSnapshotFile, type SnapshotFile } from "../../snapshot/file.ts";
import { CliError } from "../errors.ts";
import { createOutput, type Output, size, table } from "../output.ts";
import { addSettings, list, type Settled, settleFromProcess, text, toggle, whole } from "../settings.ts";
import { accessOf, endpointsOf, explained, storeSettings } from "../store-access.ts";

/** What etcd's own tools advise: more than a cluster writes between a snapshot and its restoration. */
const BUMP = 1_000_000_000;

const fileSettings = {
  skipHashCheck: toggle("take a file without a checksum, as one copied from etcd's data folder is"),
  json: toggle("print JSON, one value a line"),
};

const restoreSettings = {
  ...fileSettings,
  name: text("the node whose folder is made", "n1", "n1"),
  data: text("folder for its data; empty or not there yet", ".synod/n1", "folder"),
  cluster: text("the new cluster's name, the same for all its nodes (default: made from the snapshot)", "", "name"),
  peers: list("every node of the new cluster", ["n1=127.0.0.1:2380"], "n1=host:port,…"),
  nodes: whole(
    "in place of --name and --peers: make a folder from which synod up starts so many nodes",
    0,
    0,
    mostNodes,
  ),
  portOffset: whole("as given to synod up", 0, 0, 9_999),
  bumpRevision: whole("added to the revision, so that it lies above everything after the snapshot", BUMP, 0, 2 ** 50),
  keepPast: toggle("let the past be read and watched: by default all up to the new revision counts as compacted"),
};

export function registerSnapshot(program: Command): void {
  const snapshot = program
    .command("snapshot")
    .description("save the store to a file, look at it, begin a cluster with it");
  const saving = snapshot.command("save <file>").description("save what a running store holds, in etcd's format");
  addSettings(saving, storeSettings).action((file: string) => save(file, settleFromProcess(storeSettings, saving)));
  const showing = snapshot.command("status <file>").description("check a snapshot and say what is in it");
  addSettings(showing, fileSettings).action((file: string) => status(file, settleFromProcess(fileSettings, showing)));
  const restoring = snapshot
    .command("restore <file>")
    .description("make the data of a new cluster from a snapshot of Synod or etcd");
  addSettings(restoring, restoreSettings).action((file: string) =>
    restore(file, settleFromProcess(restoreSettings, restoring)),
  );
}

async function save(path: string, settings: Settled<typeof storeSettings>): Promise<void> {
  const { saveSnapshot } = await import("../../snapshot/save.ts"); // here, so that the other verbs start without it
  try {
    await saveSnapshot(endpointsOf(settings), accessOf(settings), path);
  } catch (error) {
    throw await explained(error, settings);
  }
  await show(path, createOutput(settings.json), false);
}

async function status(path: string, settings: Settled<typeof fileSettings>): Promise<void> {
  await show(path, createOutput(settings.json), settings.skipHashCheck);
}

async function show(path: string, output: Output, skipHashCheck: boolean): Promise<void> {
  const file = openSnapshotFile(path, skipHashCheck);
  try {
    const { hash, revision, keys, size: bytes } = summaryOf(file);
    const { sha256, hasChecksum } = file;
    output.value({ file: path, format: FORMAT, hash, revision, totalKey: keys, totalSize: bytes, sha256, hasChecksum });
    const row = [hash.toString(16), String(revision), String(keys), size(bytes), FORMAT, path];
    output.say(table(["hash", "revision", "rows", "size", "format", "file"], [row]));
  } finally {
    file.close();
  }
}

/** The only one there is; etcd writes and reads it too. */
const FORMAT = "etcd 3 (bbolt)";

function summaryOf(file: SnapshotFile): BackupSummary {
  try {
    return summarize(file);
  } catch (error) {
    throw asSnapshotError(error, file.path);
  }
}

async function restore(path: string, settings: Settled<typeof restoreSettings>): Promise<void> {
  const { readSnapshotFile, restoreNodes } = await import("../../snapshot/restore.ts");
  const output = createOutput(settings.json);
  const file = openSnapshotFile(path, settings.skipHashCheck);
  try {
    const { bumpRevision, keepPast, nodes, data } = settings;
    const imported = readSnapshotFile(file, { bumpRevision, markCompacted: !keepPast });
    const plan = nodes > 0 ? severalNodes(settings) : oneNode(settings, file);
    await restoreNodes(imported, plan.cluster, plan.peers, plan.nodes);
    tell(
      output,
      imported,
      plan.cluster,
      plan.nodes.map(({ folder }) => folder),
    );
    output.say(nodes > 0 ? `start it: synod up --data ${data} --nodes ${nodes}` : startLine(settings, plan.cluster));
  } finally {
    file.close();
  }
}

interface Plan {
  readonly cluster: string;
  readonly peers: readonly Peer[];
  readonly nodes: readonly { readonly self: Peer; readonly folder: string }[];
}

function oneNode({ name, data, cluster, peers: addresses }: Settled<typeof restoreSettings>, file: SnapshotFile): Plan {
  const peers = parsePeers(addresses, []);
  const self = peers.find((peer) => peer.name === name);
  if (self === undefined)
    throw new CliError("settings", `--peers does not name ${name} itself: list every node, this one included`);
  return { cluster: cluster || `restored-${file.sha256.slice(0, 8)}`, peers, nodes: [{ self, folder: data }] };
}

/** As `synod up` lays its folder out. */
function severalNodes({ nodes, data, portOffset }: Settled<typeof restoreSettings>): Plan {
  const addresses = Array.from({ length: nodes }, (_, index) => {
    const { peers } = portsOf(index + 1, portOffset);
    return `n${index + 1}=${peerAddress("127.0.0.1", peers)}`;
  });
  const peers = parsePeers(addresses, []);
  const { cluster } = openClusterFolder(data, nodes, false);
  return { cluster, peers, nodes: peers.map((self) => ({ self, folder: join(data, self.name) })) };
}

function tell(output: Output, imported: Imported, cluster: string, folders: readonly string[]): void {
  const { revision, compactedRevision, keys, leases, users, roles } = imported;
  output.value({ cluster, folders, revision, compactedRevision, keys, leases, users, roles });
  const counts = `${keys} keys, ${leases} leases, ${users} users, ${roles} roles`;
  output.say(`restored ${counts} at revision ${revision} as cluster ${cluster} in ${folders.join(", ")}`);
}

function startLine({ name, data, peers }: Settled<typeof restoreSettings>, cluster: string): string {
  return `start it: synod serve --name ${name} --cluster ${cluster} --data ${data} --peers ${peers.join(",")}`;
}
