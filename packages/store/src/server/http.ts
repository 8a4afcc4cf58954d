import type { Http1Handler, Http1Request } from "@synod/wire/http1/server-connection";
import { encodeUtf8 } from "@synod/wire/utf8";
import { VERSION } from "./options.ts";

/** What the client port tells to plain HTTP/1.1. */
export interface HttpFacts {
  /** Whether the node knows a leader. */
  healthy(): boolean;
  /** Prometheus text exposition. */
  metrics(): string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const JSON_TYPE = "application/json";
const TEXT = "text/plain; charset=utf-8";

/** Liveness probes and client libraries ask the client port of etcd for these. */
export function httpHandler(facts: HttpFacts): Http1Handler {
  return {
    onRequest(connection, request) {
      const { status, type, text } = respond(request, facts);
      connection.respond(status, [["content-type", type]], encodeUtf8(text));
    },
    onCancel() {},
  };
}

function respond({ method, target }: Http1Request, facts: HttpFacts): Answer {
  const known = answerOf(target.split("?", 1)[0] as string, facts);
  if (known === undefined) return { status: 404, type: TEXT, text: "404 page not found\n" };
  if (method !== "GET" && method !== "HEAD") return { status: 405, type: TEXT, text: "Method Not Allowed\n" };
  return known;
}

/** Bodies are those of etcd 3.4, which some probes compare as text. */
function answerOf(path: string, facts: HttpFacts): Answer | undefined {
  if (path === "/health") {
    const healthy = facts.healthy();
    return { status: healthy ? 200 : 503, type: TEXT, text: `{"health":"${healthy}"}` };
  }
  if (path === "/version") {
    return { status: 200, type: JSON_TYPE, text: `{"etcdserver":"${VERSION}","etcdcluster":"${VERSION}"}` };
  }
  if (path === "/metrics")
    return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", text: facts.metrics() };
  return undefined;
}
