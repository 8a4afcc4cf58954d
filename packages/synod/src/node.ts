import { NodeDisk } from "@synod/runtime/disk/node-disk";
import type { Logger } from "@synod/runtime/log/logger";
import type { Peer, Ports } from "./addresses.ts";
import { asDataError, openNodeFolder } from "./data-folder.ts";
import { openHttpPort } from "./http-port.ts";

export interface NodeOptions {
  readonly self: Peer;
  /** Every voter the cluster begins with, `self` included, in ascending order of id. */
  readonly peers: readonly Peer[];
  readonly cluster: string;
  readonly data: string;
  readonly host: string;
  readonly ports: Ports;
}

/** A node while it runs: consensus, the services over it and their listeners, composed in `startNode`. */
export interface RunningNode {
  /** Resolves once the node can answer requests: it knows a leader and has applied what that leader had committed. */
  readonly ready: Promise<void>;
  /** Resolves, with the sentence for the operator, if the node had to stop by itself. */
  readonly failed: Promise<string>;
  /** The name of the node that leads, as far as this one knows. */
  leader(): string | undefined;
  /** Hands leadership on, answers what is under way, closes listeners and files. */
  close(): Promise<void>;
}

/** @throws CliError: the folder or a port cannot be had, and what to do about it. */
export async function startNode(options: NodeOptions, logger: Logger): Promise<RunningNode> {
  const { self, cluster, data, host, ports } = options;
  const disk = openDisk(openNodeFolder(data, { cluster, node: self.name }));
  const http = await openHttpPort(self.name, host, ports.http, {
    whyNotReady: () => undefined,
    metrics: () => "",
    status: () => ({ node: self.name, cluster }),
  });
  logger.info("listening", { http: ports.http });
  return {
    ready: Promise.resolve(),
    failed: new Promise(() => {}),
    leader: () => undefined,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      disk.close();
    },
  };
}

function openDisk(folder: string): NodeDisk {
  try {
    return new NodeDisk(folder);
  } catch (error) {
    throw asDataError(error, folder);
  }
}
