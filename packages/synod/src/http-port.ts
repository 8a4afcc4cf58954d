import { createServer, type Server, type ServerResponse } from "node:http";
import type { NodeHttpHandler } from "@synod/store/server/ports/node-http";
import type { Probes } from "@synod/store/server/ports/probes";
import { portError } from "./up/ports.ts";

/** What the HTTP port shows of a node. Liveness never depends on a quorum: a node without one must not be restarted. */
export interface NodeView {
  readonly probes: Probes;
  /** What a person wants to know of the node, as JSON. */
  status(): unknown;
  /** Answers what is for the store. */
  readonly store: NodeHttpHandler | undefined;
}

const THERE_IS = "there is /livez, /readyz, /health, /status, /version, /metrics and /api/store\n";

/** @throws CliError "ports" when the port cannot be opened. */
export function openHttpPort(node: string, host: string, port: number, view: NodeView): Promise<Server> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      if (view.store?.(request, response) === true) return;
      const { method = "GET", url = "/" } = request;
      const target = url.startsWith("/") ? url : "/";
      if (view.probes.answer(method, target, ({ status, type, text }) => answer(response, status, type, text))) return;
      if (method !== "GET" && method !== "HEAD") answer(response, 405, "text/plain", "only GET\n");
      else if (target.split("?", 1)[0] === "/status")
        answer(response, 200, "application/json", `${JSON.stringify(view.status())}\n`);
      else answer(response, 404, "text/plain", THERE_IS);
    },
  );
  server.maxConnections = 256;
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(portError(host, port, "http", node, error.code ?? error.message));
    });
    server.listen(port, host, () => resolve(server));
  });
}

/** Lets nobody finish: what is under way there is a probe, a page of metrics, or will be asked again. */
export function closeHttpPort(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
