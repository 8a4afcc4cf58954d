import { encodeUtf8 } from "@synod/wire/utf8";
import type { HttpRequest, HttpResponder } from "./http-exchange.ts";
import type { Probes } from "./probes.ts";

/** Answers what is not the store's data, now or later. */
export type Facts = (request: HttpRequest, responder: HttpResponder) => void;

/** What the client port tells of the node to plain HTTP/1.1. */
export function httpFacts(probes: Probes): Facts {
  return ({ method, target }, responder) => {
    const known = probes.answer(method, target, ({ status, type, text }) => {
      responder.respond(status, [["content-type", type]], encodeUtf8(text));
    });
    if (known) return;
    responder.respond(404, [["content-type", "text/plain; charset=utf-8"]], encodeUtf8("404 page not found\n"));
  };
}
