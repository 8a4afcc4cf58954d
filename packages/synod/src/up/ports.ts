import { createServer } from "node:net";
import type { Ports } from "../addresses.ts";
import { CliError } from "../cli/errors.ts";

/** Finds a taken port before any process is started, and says whose it would have been. */
export async function assertPortsFree(host: string, nodes: readonly Ports[]): Promise<void> {
  for (const [index, ports] of nodes.entries()) {
    for (const [use, port] of Object.entries(ports)) {
      const reason = await whyTaken(host, port);
      if (reason !== undefined) throw portError(host, port, use, `n${index + 1}`, reason);
    }
  }
}

export function portError(host: string, port: number, use: string, node: string, reason: string): CliError {
  const what = reason === "EADDRINUSE" ? "is already in use" : `cannot be opened (${reason})`;
  return new CliError(
    "ports",
    `port ${port} of ${host}, the ${use} port of ${node}, ${what}: end the program that holds it, ` +
      "or move all ports with --port-offset 100",
  );
}

function whyTaken(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
