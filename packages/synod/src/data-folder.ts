import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFolder } from "@synod/runtime/disk/lock-file";
import { DiskError } from "@synod/storage/disk";
import { CliError } from "./cli/errors.ts";

/** The layout of a node's folder. A program that writes another layout has another number, and neither reads the other's. */
const format = 4;
const NODE = "node.json";

/** Whose folder it is, written when the node first starts and never changed; 64-bit ids are hexadecimal. */
export interface Identity {
  readonly cluster: string;
  /** Its name. */
  readonly node: string;
  /** What consensus calls it, and what clients of etcd's API know it and its cluster by. */
  readonly id: number;
  readonly memberId: string;
  readonly clusterId: string;
  /** The voters with which its log begins; none on a node that has joined a cluster. */
  readonly voters: readonly number[];
  /** It was a member and never will be again. */
  readonly removed?: true;
}

/**
 * Makes the folder, or checks that it belongs to this node of this cluster.
 * @throws CliError "data": not writable, another node's, another cluster's, a removed node's, another format
 */
export function openNodeFolder(folder: string, identity: Identity): NodeFolder {
  try {
    mkdirSync(folder, { recursive: true });
    return { identity: checkIdentity(folder, identity), log: join(folder, "log") };
  } catch (error) {
    throw asDataError(error, folder);
  }
}

export interface NodeFolder {
  /** As it was written at the node's first start. */
  readonly identity: Identity;
  /** The folder inside it for the node's log; whoever opens that keeps other processes out (`NodeDisk`). */
  readonly log: string;
}

/** A folder may be older than the rest of its identity. */
export type KnownIdentity = Pick<Identity, "cluster" | "node"> & Partial<Identity>;

/** @returns whose folder it is; undefined: nobody's yet. @throws CliError "data" as `openNodeFolder` */
export function readNodeIdentity(folder: string): KnownIdentity | undefined {
  try {
    const known = readIdentity<KnownIdentity>(join(folder, NODE));
    if (known?.removed === true)
      throw new CliError(
        "data",
        `the member has been permanently removed from the cluster, and with the data in ${folder} it cannot return: ` +
          "to take part again, add it as a new member and start it with another --data",
      );
    return known;
  } catch (error) {
    throw asDataError(error, folder);
  }
}

/** Whether the node whose folder it is knows that it has been removed from its cluster. @throws CliError "data" */
export function wasRemoved(folder: string): boolean {
  try {
    return readIdentity<KnownIdentity>(join(folder, NODE))?.removed === true;
  } catch (error) {
    throw asDataError(error, folder);
  }
}

/** The node whose folder it is has been removed from its cluster: it is not to start from it again. */
export function markRemoved(folder: string): void {
  const known = readIdentity<KnownIdentity>(join(folder, NODE));
  if (known !== undefined) writeIdentity(join(folder, NODE), { ...known, removed: true });
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

function checkIdentity(folder: string, identity: Identity): Identity {
  const known = readNodeIdentity(folder);
  const { id = identity.id } = known ?? {};
  if (known !== undefined && (known.node !== identity.node || known.cluster !== identity.cluster || id !== identity.id))
    throw new CliError(
      "data",
      `the data in ${folder} belong to node ${known.node} of cluster ${known.cluster}, ` +
        `not to ${identity.node} of ${identity.cluster}: choose another --data`,
    );
  const whole = { ...identity, ...known };
  if (known?.voters === undefined) writeIdentity(join(folder, NODE), whole);
  return whole;
}

/** @returns what `writeIdentity` wrote; undefined where there is no such file */
export function readIdentity<Shape extends object>(
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

/** Whole or not at all. */
export function writeIdentity(path: string, identity: object): void {
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
