import { decodeWatchRequest } from "../api/watch.ts";
import type { StoreConnection } from "./connection.ts";

/** One message of a stream that carries any number of watches. */
export function watch(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.watchStream(stream).receive(decodeWatchRequest(connection.service.read(message)));
}
