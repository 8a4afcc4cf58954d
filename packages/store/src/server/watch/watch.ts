import { decodeWatchRequest } from "../../api/watch.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";

/** One message of a stream that carries any number of watches. */
function watch(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.watchStream(stream).receive(decodeWatchRequest(connection.service.read(message)));
}

export const WATCH_METHODS: readonly StoreMethod[] = [
  { path: "/etcdserverpb.Watch/Watch", access: "user", clientStreaming: true, handle: watch },
];
