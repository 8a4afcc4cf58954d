import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { DecodedEvent } from "../api/key-value.ts";
import { type DecodedWatchResponse, decodeWatchResponse, encodeWatchRequest, FilterType } from "../api/watch.ts";
import { metadataOf } from "../gateway/metadata.ts";
import { EventType } from "../model/types.ts";
import type { LocalCall } from "../server/local-calls.ts";
import type { RestExchange } from "./exchange.ts";
import { problemBody, problemOf, refuse } from "./problem.ts";
import type { Span } from "./ranges.ts";
import { bytesJson, keyValueJson } from "./text.ts";

/**
 * Answers with a stream of the changes of some keys (WHATWG HTML, "Server-sent events"): `put` and `delete`, each with JSON,
 * the last one of each revision with the revision as its id. A client that comes back with `Last-Event-ID` misses nothing,
 * or is told so: `compacted`.
 */
export function watchKeys(exchange: RestExchange, span: Span): void {
  const { calls, query, request } = exchange;
  const stream = new EventStream(exchange);
  const last = request.headers.get("last-event-id");
  if (last !== undefined && !/^\d{1,15}$/.test(last)) {
    refuse("badParameter", `Last-Event-ID: ${last} is no revision`, "send the id of the last event that you have seen");
  }
  const only = query.text("events") ?? "put,delete";
  const startRevision = last === undefined ? (query.number("rev", 1, Number.MAX_SAFE_INTEGER) ?? 0) : Number(last) + 1;
  const writer = new ProtobufWriter();
  encodeWatchRequest(writer, {
    type: "create",
    key: span.key,
    rangeEnd: span.rangeEnd,
    startRevision,
    progressNotify: false,
    filters: filtersOf(only),
    prevKv: query.flag("prev"),
    watchId: 0,
    fragment: false,
  });
  stream.resumed = startRevision > 0;
  const call = calls.open("/etcdserverpb.Watch/Watch", stream);
  if (call === undefined) return exchange.fail(problemOf(12, "unknown method /etcdserverpb.Watch/Watch"));
  stream.call = call;
  calls.request(call, writer.finish(), false);
}

/** @throws RestError */
function filtersOf(only: string): number[] {
  if (only === "put,delete" || only === "delete,put") return [];
  if (only === "put") return [FilterType.NODELETE];
  if (only === "delete") return [FilterType.NOPUT];
  return refuse("badParameter", `events=${only} is not known`, "use put, delete or put,delete");
}

const NO_SIGN_OF_LIFE_IS_WORSE = encodeUtf8(": still here\n\n");

class EventStream implements LocalCall {
  call = 0;
  /** The client has said where it stands. */
  resumed = false;
  readonly #exchange: RestExchange;
  #begun = false;

  constructor(exchange: RestExchange) {
    this.#exchange = exchange;
  }

  onAnswer(message: Uint8Array): number {
    const response = decodeWatchResponse(new ProtobufReader(message));
    const { responder } = this.#exchange;
    if (response.canceled) this.#end(response);
    else if (response.created) this.#begin(response);
    else responder.write(encodeUtf8(eventsText(response.events)));
    return responder.queuedBytes;
  }

  onFinish(code: number, text: string): void {
    if (!this.#begun) return this.#exchange.fail(problemOf(code, text));
    if (code !== 0) this.#tell("error", problemBody(problemOf(code, text)));
    this.#exchange.responder.end();
  }

  metadata(name: string): string | undefined {
    return metadataOf(this.#exchange.request, name);
  }

  beat(): void {
    const { responder, calls } = this.#exchange;
    if (responder.queuedBytes === 0) responder.write(NO_SIGN_OF_LIFE_IS_WORSE);
    calls.touch();
  }

  #begin({ header }: DecodedWatchResponse): void {
    this.#begun = true;
    const { responder, calls } = this.#exchange;
    responder.begin(200, [
      ["content-type", "text/event-stream"],
      ["cache-control", "no-store"],
    ]);
    // From now on a client that comes back knows where it stood, even if nothing has happened.
    responder.write(encodeUtf8(this.resumed ? ": watching\n\n" : `: watching\nid: ${header.revision}\n\n`));
    calls.beats(this);
  }

  #end({ compactRevision, cancelReason }: DecodedWatchResponse): void {
    const { calls, responder } = this.#exchange;
    if (compactRevision > 0) {
      const problem = problemOf(11, "etcdserver: mvcc: required revision has been compacted");
      this.#tell("compacted", { ...problemBody(problem), compactRevision });
    } else if (this.#begun) this.#tell("error", { code: "canceled", message: cancelReason });
    else this.#exchange.fail({ status: 400, code: "badRequest", message: cancelReason, help: "correct the range" });
    calls.cancel(this.call);
    responder.end();
  }

  #tell(event: string, data: object): void {
    this.#exchange.responder.write(encodeUtf8(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  }
}

function eventsText(events: readonly DecodedEvent[]): string {
  let text = "";
  for (const [i, event] of events.entries()) {
    const { modRevision } = event.kv;
    const last = events[i + 1]?.kv.modRevision !== modRevision;
    text += `event: ${event.type === EventType.DELETE ? "delete" : "put"}\n`;
    // Only behind the last event of a revision may a client go on with the next one.
    if (last) text += `id: ${modRevision}\n`;
    text += `data: ${JSON.stringify(eventJson(event))}\n\n`;
  }
  return text;
}

function eventJson({ type, kv, prevKv }: DecodedEvent): object {
  const now =
    type === EventType.DELETE ? { ...bytesJson("key", kv.key), modRevision: kv.modRevision } : keyValueJson(kv);
  return prevKv === undefined ? now : { ...now, prev: keyValueJson(prevKv) };
}
