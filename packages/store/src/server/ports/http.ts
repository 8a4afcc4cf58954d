import type { Http1Handler } from "@synod/wire/http1/server-connection";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { Probes } from "./probes.ts";

/** What the client port tells to plain HTTP/1.1 that is not the store's data. */
export function httpHandler(probes: Probes): Http1Handler {
  return {
    onRequest(connection, { method, target }) {
      const known = probes.answer(method, target, ({ status, type, text }) => {
        connection.respond(status, [["content-type", type]], encodeUtf8(text));
      });
      if (known) return;
      connection.respond(404, [["content-type", "text/plain; charset=utf-8"]], encodeUtf8("404 page not found\n"));
    },
    onCancel() {},
  };
}
