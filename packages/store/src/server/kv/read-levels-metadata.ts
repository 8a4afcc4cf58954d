import { GrpcStatus } from "@synod/wire/grpc/status";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { CONSISTENCY, MAX_STALENESS, REVISION, SESSION_REVISION, STALENESS_MS } from "../own-metadata.ts";
import { LEVELS, type Level, type Reached, type Wanted } from "./read-levels.ts";

/**
 * A read whose caller has said how fresh it wants it: `method.readable` follows, once this node is as fresh.
 * @returns false: nobody has said.
 */
export function readAsWanted(
  connection: StoreConnection,
  stream: number,
  message: Uint8Array,
  method: StoreMethod,
): boolean {
  const level = connection.grpc.metadata(stream, CONSISTENCY);
  if (level === undefined) return false;
  const wanted = wantedOf(connection, stream, level);
  if (typeof wanted === "string") {
    connection.finish(stream, GrpcStatus.INVALID_ARGUMENT, wanted);
    return true;
  }
  connection.service.levels.readAt(wanted, {
    done: (reached) => {
      const { auth } = connection.service;
      // Who might when the call came may not any more.
      if (auth.enabled) auth.admit(connection.caller(stream), method.access);
      tell(connection, stream, reached);
      method.readable?.(connection, stream, message);
      connection.touch();
    },
    refused: (code) => connection.refuse(stream, code),
  });
  return true;
}

/** @returns a text: why that cannot be wanted. */
function wantedOf({ grpc }: StoreConnection, stream: number, level: string): Wanted | string {
  switch (level as Level) {
    case "linearizable":
    case "lease":
    case "serializable":
      return { level: level as "linearizable" | "lease" | "serializable" };
    case "session": {
      const revision = wholeNumber(grpc.metadata(stream, SESSION_REVISION));
      return revision === undefined
        ? `synod: a session read needs ${SESSION_REVISION}: the largest revision that the client has seen`
        : { level: "session", revision };
    }
    case "bounded": {
      const milliseconds = wholeNumber(grpc.metadata(stream, MAX_STALENESS));
      return milliseconds === undefined
        ? `synod: a bounded read needs ${MAX_STALENESS}: milliseconds`
        : { level: "bounded", staleness: milliseconds * 1000 };
    }
    default:
      return `synod: there is no ${CONSISTENCY} ${JSON.stringify(level)}: use one of ${LEVELS.join(", ")}`;
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Staleness is rounded up: the answer is not staler than it says. */
function tell({ grpc, service }: StoreConnection, stream: number, { level, staleness }: Reached): void {
  grpc.sendHeaders(stream, [
    [CONSISTENCY, level],
    [REVISION, String(service.model.revision)],
    [STALENESS_MS, staleness === undefined ? "unknown" : String(Math.ceil(staleness / 1000))],
  ]);
}
