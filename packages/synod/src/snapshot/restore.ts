import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import { beginWithState } from "@synod/runtime/host/begin-with";
import { type Imported, type ImportOptions, importBackend } from "@synod/store/backup/import";
import type { Peer } from "../addresses.ts";
import { CliError } from "../cli/errors.ts";
import { asDataError, openNodeFolder } from "../data-folder.ts";
import { clusterIdOf, memberIdOf } from "../identities.ts";
import { STORE_GROUP } from "../node.ts";
import { asSnapshotError, type SnapshotFile } from "./file.ts";

/** One node of the new cluster, and where its data go. */
export interface NewNode {
  readonly self: Peer;
  readonly folder: string;
}

/** @throws CliError "snapshot": it holds what no snapshot of etcd or Synod holds */
export function readSnapshotFile(file: SnapshotFile, options: ImportOptions): Imported {
  try {
    return importBackend(file, options);
  } catch (error) {
    throw asSnapshotError(error, file.path);
  }
}

/**
 * Makes the folders of nodes that begin a cluster with what was read. Each appears whole, or not at all.
 * @param peers every node of the new cluster.
 * @throws CliError "data": a folder is in use already; the cluster would have members of the old one
 */
export async function restoreNodes(
  imported: Imported,
  cluster: string,
  peers: readonly Peer[],
  nodes: readonly NewNode[],
): Promise<void> {
  const known = new Set(imported.members);
  if (peers.some(({ name }) => known.has(memberIdOf(cluster, name))))
    throw new CliError(
      "data",
      `the snapshot is of a cluster ${cluster} with the same members: give the new one another name by --cluster`,
    );
  for (const { folder } of nodes) mustBeEmpty(folder);
  for (const node of nodes) await restoreNode(imported, cluster, peers, node);
}

async function restoreNode(
  imported: Imported,
  cluster: string,
  peers: readonly Peer[],
  { self, folder }: NewNode,
): Promise<void> {
  const unfinished = `${folder.replace(/\/+$/, "")}.restoring`;
  try {
    mkdirSync(dirname(unfinished), { recursive: true });
    rmSync(unfinished, { recursive: true, force: true });
    const clusterId = clusterIdOf(cluster);
    const voters = peers.map(({ id }) => id);
    const { log } = openNodeFolder(unfinished, {
      cluster,
      node: self.name,
      id: self.id,
      memberId: memberIdOf(cluster, self.name).toString(16),
      clusterId: clusterId.toString(16),
      voters,
    });
    const disk = new NodeDisk(log);
    await beginWithState(disk, { clusterId, nodeId: self.id }, STORE_GROUP, voters, imported.chunks());
    disk.close();
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw asDataError(error, folder);
  }
}

function mustBeEmpty(folder: string): void {
  if (!existsSync(folder)) return;
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (error) {
    throw asDataError(error, folder);
  }
  if (entries.length > 0)
    throw new CliError("data", `the folder ${folder} is not empty: choose another --data, or remove what is in it`);
}
