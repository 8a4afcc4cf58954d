import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFolder } from "@synod/runtime/disk/lock-file";
import { DiskError } from "@synod/storage/disk";
import { CliError } from "./cli/errors.ts";

/** The layout of a node's folder. A program that writes another layout has another number, and neither reads the other's. */
const format = 2;

export interface Identity {
  readonly cluster: string;
  readonly node: string;
}

/**
 * Makes the folder, or checks that it belongs to this node of this cluster.
 * @returns the folder inside it for the node's log; whoever opens that keeps other processes out (`NodeDisk`).
 * @throws CliError "data": not writable, another node's, another cluster's, another format
 */
export function openNodeFolder(folder: string, identity: Identity): string {
  try {
    mkdirSync(folder, { recursive: true });
    checkIdentity(folder, identity);
    return join(folder, "log");
  } catch (error) {
    throw asDataError(error, folder);
  }
}

/** What `synod up` keeps beside its nodes' folders. */
export interface ClusterIdentity {
  readonly cluster: string;
  readonly nodes: number;
}

/**
 * The identity of the cluster whose data lie in `folder`; a new one is written when there is none.
 * @param fresh removes the cluster that was there: the folders of its nodes and nothing else.
 */
export function openClusterFolder(folder: string, nodes: number, fresh: boolean): ClusterIdentity {
  try {
    mkdirSync(folder, { recursive: true });
    if (fresh) removeCluster(folder);
    const path = join(folder, "cluster.json");
    const known = readIdentity<ClusterIdentity>(path);
    if (known === undefined) {
      const nodeFolders = readdirSync(folder).filter((name) => /^n\d+$/.test(name));
      if (nodeFolders.length > 0)
        throw new CliError(
          "data",
          `${folder} has ${nodeFolders.join(", ")} but no cluster.json: choose another --data`,
        );
      const made = { cluster: `synod-${crypto.randomUUID().slice(0, 8)}`, nodes };
      writeIdentity(path, made);
      return made;
    }
    if (known.nodes !== nodes)
      throw new CliError(
        "data",
        `the data in ${folder} are of a cluster with ${known.nodes} nodes, not ${nodes}: ` +
          `start with --nodes ${known.nodes}, choose another --data, or delete them with --fresh`,
      );
    return known;
  } catch (error) {
    throw asDataError(error, folder);
  }
}

function removeCluster(folder: string): void {
  if (readIdentity(join(folder, "cluster.json"), "any format") === undefined) return;
  for (const name of readdirSync(folder)) {
    if (!/^n\d+$/.test(name)) continue;
    assertUnused(join(folder, name));
    rmSync(join(folder, name), { recursive: true });
  }
  rmSync(join(folder, "cluster.json"));
}

function checkIdentity(folder: string, identity: Identity): void {
  const path = join(folder, "node.json");
  const known = readIdentity<Identity>(path);
  if (known === undefined) writeIdentity(path, identity);
  else if (known.node !== identity.node || known.cluster !== identity.cluster)
    throw new CliError(
      "data",
      `the data in ${folder} belong to node ${known.node} of cluster ${known.cluster}, ` +
        `not to ${identity.node} of ${identity.cluster}: choose another --data`,
    );
}

function readIdentity<Shape extends object>(
  path: string,
  accept: "this format" | "any format" = "this format",
): Shape | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  let content: { format?: unknown };
  try {
    content = JSON.parse(text) as { format?: unknown };
  } catch {
    throw new CliError("data", `${path} is damaged (not JSON): restore it, or choose another --data`);
  }
  if (content.format !== format && accept === "this format")
    throw new CliError(
      "data",
      `${path} has format ${content.format} and this Synod reads format ${format}: use the Synod that wrote it`,
    );
  return content as Shape;
}

function writeIdentity(path: string, identity: object): void {
  writeFileSync(`${path}.new`, `${JSON.stringify({ format, ...identity }, null, 2)}\n`, { flush: true });
  renameSync(`${path}.new`, path);
}

/** @throws DiskError when a process uses the node's log */
function assertUnused(folder: string): void {
  const log = join(folder, "log");
  if (existsSync(log)) lockFolder(log)();
}

/** The error of opening a folder as a sentence for its operator. */
export function asDataError(error: unknown, folder: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof DiskError) return new CliError("data", error.message);
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return new CliError(
    "data",
    `the folder ${folder} cannot be used (${reason}): make it writable or choose another --data`,
  );
}
