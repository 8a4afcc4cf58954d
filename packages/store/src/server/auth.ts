import { answerHeader } from "./answers.ts";
import type { StoreConnection } from "./connection.ts";

/** There are no users: `enabled` and `authRevision` stay zero. */
export function authStatus(connection: StoreConnection, stream: number): void {
  answerHeader(connection, stream);
}

export function authenticate(connection: StoreConnection, stream: number): void {
  connection.refuse(stream, "authNotEnabled");
}
