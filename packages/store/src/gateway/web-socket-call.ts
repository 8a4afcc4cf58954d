import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ResponseFields } from "@synod/wire/http1/response";
import type { UpgradedProtocol } from "@synod/wire/http1/server-connection";
import { encodeUtf8 } from "@synod/wire/utf8";
import { CloseCode } from "@synod/wire/websocket/frames";
import { judgeHandshake, offeredProtocols } from "@synod/wire/websocket/handshake";
import { type WebSocketHandler, WebSocketServerConnection } from "@synod/wire/websocket/server-connection";
import type { LocalCall, LocalCalls } from "../server/local-calls.ts";
import type { HttpRequest, UpgradableResponder } from "../server/ports/http-exchange.ts";
import { streamErrorLine } from "./errors.ts";
import { readMessages, resultLine } from "./gateway.ts";
import { JsonError } from "./json/reader.ts";
import { metadataOf } from "./metadata.ts";
import { type GatewayRoute, gatewayRoute } from "./routes.ts";

const TEXT_FIELDS: ResponseFields = [["content-type", "text/plain; charset=utf-8"]];
const LARGEST_MESSAGE = 2 << 20;
/** Beats without a sign of life after which a client is taken to be gone. */
const MOST_SILENT_BEATS = 4;

/** Answers a request on a path of the gateway that asks for WebSocket. */
export function handleWebSocket(
  path: string,
  request: HttpRequest,
  responder: UpgradableResponder,
  calls: LocalCalls,
): void {
  const route = gatewayRoute(path);
  if (route?.streaming !== true) {
    const text = "WebSocket is spoken on the gateway's streams only, such as /v3/watch\n";
    return responder.respond(route === undefined ? 404 : 400, TEXT_FIELDS, encodeUtf8(text));
  }
  const protocols = offeredProtocols(request);
  const handshake = judgeHandshake(request, protocols[0]);
  if (handshake.status !== 101) {
    const fields: ResponseFields = [...TEXT_FIELDS, ...handshake.fields];
    return responder.respond(handshake.status, fields, encodeUtf8(`${handshake.reason}\n`));
  }
  const call = new WebSocketCall(route, request, responder, calls);
  responder.upgrade(handshake.fields, call);
  call.open();
}

/**
 * A call whose requests are the messages of a WebSocket, and whose answers are, too: each message one JSON value, or
 * several. A page cannot set fields, so its token may come as the second subprotocol behind `Bearer`.
 */
class WebSocketCall implements LocalCall, UpgradedProtocol, WebSocketHandler {
  readonly #route: GatewayRoute;
  readonly #request: HttpRequest;
  readonly #responder: UpgradableResponder;
  readonly #calls: LocalCalls;
  readonly #socket: WebSocketServerConnection;
  #stream = 0;
  #silentBeats = 0;
  /** What came in the same chunk as the handshake. */
  #early: Uint8Array | undefined;

  constructor(route: GatewayRoute, request: HttpRequest, responder: UpgradableResponder, calls: LocalCalls) {
    this.#route = route;
    this.#request = request;
    this.#responder = responder;
    this.#calls = calls;
    this.#socket = new WebSocketServerConnection(this, LARGEST_MESSAGE);
  }

  open(): void {
    const stream = this.#calls.open(this.#route.method, this);
    if (stream === undefined) return this.onFinish(GrpcStatus.UNIMPLEMENTED, `unknown method ${this.#route.method}`);
    this.#stream = stream;
    this.#calls.beats(this);
    if (this.#early !== undefined) this.#socket.receive(this.#early);
    this.#early = undefined;
  }

  // --- UpgradedProtocol

  receive(chunk: Uint8Array): void {
    this.#silentBeats = 0;
    if (this.#stream === 0) this.#early = chunk;
    else this.#socket.receive(chunk);
  }

  shutdown(): void {
    this.#end(CloseCode.goingAway, "the server shuts down");
  }

  // --- WebSocketHandler

  onMessage(_socket: WebSocketServerConnection, text: Uint8Array): void {
    let messages: readonly Uint8Array[];
    try {
      messages = readMessages(text, this.#route.request, true);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.#calls.cancel(this.#stream);
      return this.onFinish(GrpcStatus.INVALID_ARGUMENT, error.message);
    }
    for (const message of messages) this.#calls.request(this.#stream, message, !this.#route.clientStreaming);
  }

  onClose(): void {
    this.#leave();
  }

  write(bytes: Uint8Array): void {
    this.#responder.writeRaw(bytes);
    this.#calls.touch();
  }

  // --- LocalCall

  onAnswer(message: Uint8Array): number {
    const line = resultLine(message, this.#route.response);
    this.#socket.sendText(line.subarray(0, line.length - 1));
    return this.#responder.queuedBytes;
  }

  onFinish(code: number, text: string): void {
    if (code !== GrpcStatus.OK) this.#socket.sendText(streamErrorLine(code, text).slice(0, -1));
    this.#end(code === GrpcStatus.OK ? CloseCode.normal : CloseCode.internalError, text);
  }

  metadata(name: string): string | undefined {
    const [scheme, token] = offeredProtocols(this.#request);
    if (name === "token" && scheme?.toLowerCase() === "bearer" && token !== undefined) return token;
    return metadataOf(this.#request, name);
  }

  beat(): void {
    if (++this.#silentBeats > MOST_SILENT_BEATS) this.#end(CloseCode.goingAway, "no answer to pings");
    else this.#socket.ping();
  }

  #end(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#leave();
  }

  #leave(): void {
    this.#calls.cancel(this.#stream);
    this.#responder.disconnect();
    this.#calls.touch();
  }
}
