import { createServer, type Server, type ServerResponse } from "node:http";
import { CONTENT_TYPE } from "@synod/runtime/metrics/registry";
import type { NodeHttpHandler } from "@synod/store/server/node-http";
import { portError } from "./up/ports.ts";

/** What the HTTP port shows of a node. Liveness never depends on a quorum: a node without one must not be restarted. */
export interface NodeView {
  /** Why the node cannot answer requests now; undefined when it can. */
  whyNotReady(): string | undefined;
  /** Prometheus text exposition. */
  metrics(): string;
  /** What a person wants to know of the node, as JSON. */
  status(): unknown;
  /** Answers what is for the store. */
  readonly store: NodeHttpHandler | undefined;
}

/** @throws CliError "ports" when the port cannot be opened. */
export function openHttpPort(node: string, host: string, port: number, view: NodeView): Promise<Server> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      if (view.store?.(request, response) === true) return undefined;
      if (request.method !== "GET" && request.method !== "HEAD")
        return answer(response, 405, "text/plain", "only GET\n");
      route((request.url ?? "/").split("?", 1)[0] as string, view, response);
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

function route(path: string, view: NodeView, response: ServerResponse): void {
  const reason = view.whyNotReady();
  switch (path) {
    case "/livez":
      answer(response, 200, "text/plain", "ok\n");
      break;
    case "/readyz":
      answer(response, reason === undefined ? 200 : 503, "text/plain", `${reason ?? "ok"}\n`);
      break;
    case "/metrics":
      answer(response, 200, CONTENT_TYPE, view.metrics());
      break;
    case "/status":
      answer(response, 200, "application/json", `${JSON.stringify(view.status())}\n`);
      break;
    default:
      answer(response, 404, "text/plain", "there is /livez, /readyz, /status, /metrics and /api/store\n");
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
