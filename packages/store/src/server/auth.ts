import { answerHeader } from "./answers.ts";
import type { StoreConnection } from "./connection.ts";
import type { StoreMethod } from "./method.ts";

/** There are no users: `enabled` and `authRevision` stay zero. */
function authStatus(connection: StoreConnection, stream: number): void {
  answerHeader(connection, stream);
}

function authenticate(connection: StoreConnection, stream: number): void {
  connection.refuse(stream, "authNotEnabled");
}

export const AUTH_METHODS: readonly StoreMethod[] = [
  { path: "/etcdserverpb.Auth/AuthStatus", handle: authStatus },
  { path: "/etcdserverpb.Auth/Authenticate", handle: authenticate },
];
