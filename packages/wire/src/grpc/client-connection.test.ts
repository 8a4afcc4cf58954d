/** Our client against our server, without sockets: what one writes is the other's input, cut anywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, decodeLatin1, encodeLatin1, equal } from "../bytes.ts";
import * as frames from "../http2/frames.ts";
import { encodeHeaders } from "../http2/hpack/encoder.ts";
import { script } from "../http2/scripted-peer.ts";
import { GrpcClientConnection, type GrpcClientEvents } from "./client-connection.ts";
import { GrpcMethods } from "./methods.ts";
import { type GrpcHandler, GrpcServerConnection } from "./server-connection.ts";

const ECHO = "/test.Echo/Unary";
const CHAT = "/test.Echo/Chat";
const methods = new GrpcMethods([{ path: ECHO }, { path: CHAT, clientStreaming: true }]);

/** Answers a unary call with its message (an empty one with a status), and a chat message by message. */
const echo: GrpcHandler = {
  onMessage(connection, stream, method, message, last) {
    if (method === 1) connection.send(stream, message);
    else if (message.length === 0) connection.finish(stream, 5, "nothing — 100 %");
    else connection.respond(stream, message);
    if (method === 1 && last) connection.finish(stream, 0, "");
  },
  onHalfClose: (connection, stream) => connection.finish(stream, 0, ""),
  onCancel: () => {},
};

class Caller implements GrpcClientEvents {
  readonly told: string[] = [];
  /** Octets received by call. */
  readonly received = new Map<number, Uint8Array[]>();
  readonly connection: GrpcClientConnection = new GrpcClientConnection(this, "n1:2379", [["token", "t"]]);

  onMessage(stream: number, message: Uint8Array): void {
    this.received.set(stream, [...(this.received.get(stream) ?? []), message]);
    this.told.push(`${stream} ${message.length > 20 ? message.length : decodeLatin1(message)}`);
  }
  onStatus(stream: number, code: number, text: string): void {
    this.told.push(`${stream} status ${code} ${text}`.trim());
  }
}

interface Side {
  receive(chunk: Uint8Array, now: number): void;
  takeOutput(): Uint8Array | undefined;
}

/** Carries bytes both ways until both are silent, in pieces of `size`. */
function exchange(a: Side, b: Side, size = 16_384): void {
  for (let silent = 0; silent < 2; ) {
    silent = carry(a, b, size) ? 0 : silent + 1;
    silent = carry(b, a, size) ? 0 : silent + 1;
  }
}

function carry(from: Side, to: Side, size: number): boolean {
  const bytes = from.takeOutput();
  if (bytes === undefined) return false;
  for (let at = 0; at < bytes.length; at += size) to.receive(bytes.slice(at, at + size), 0);
  return true;
}

test("calls are answered, with a message or with a status", () => {
  const caller = new Caller();
  const server = new GrpcServerConnection(methods, echo);
  assert.equal(caller.connection.unary(ECHO, encodeLatin1("hello")), 1);
  caller.connection.unary(ECHO, new Uint8Array(0));
  caller.connection.unary("/test.Echo/Sing", new Uint8Array(0));
  exchange(caller.connection, server);
  assert.deepEqual(
    caller.told,
    [
      "3 status 5 nothing — 100 %",
      "5 status 12 unknown method Sing for service test.Echo",
      "1 hello",
      "1 status 0",
    ].sort(),
  );
});

test("any messages survive any cuts, many calls at a time, through windows smaller than they are", () => {
  const call = fc.record({
    chat: fc.boolean(),
    sizes: fc.array(fc.oneof(fc.nat(30), fc.nat(100_000)), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 8 }), fc.integer({ min: 100, max: 70_000 }), (calls, size) => {
      const caller = new Caller();
      const server = new GrpcServerConnection(methods, echo);
      const sent = new Map<number, Uint8Array[]>();
      for (const { chat, sizes } of calls) {
        const messages = sizes.map((length, i) => new Uint8Array(length + 1).fill(length + i));
        const stream = chat ? caller.connection.call(CHAT) : caller.connection.unary(ECHO, messages[0] as Uint8Array);
        for (const message of chat ? messages : []) caller.connection.send(stream, message);
        if (chat) caller.connection.halfClose(stream);
        sent.set(stream, chat ? messages : messages.slice(0, 1));
      }
      exchange(caller.connection, server, size);
      // Compared octet by octet: a printed difference of so many would take minutes.
      for (const [stream, messages] of sent) {
        const received = caller.received.get(stream) ?? [];
        assert.equal(received.length, messages.length);
        assert.ok(messages.every((message, i) => equal(message, received[i] as Uint8Array)));
      }
      assert.equal(caller.told.filter((each) => each.endsWith("status 0")).length, calls.length);
      assert.equal(server.streams, 0);
    }),
    { seed: 11, numRuns: 40 },
  );
});

test("a cancelled call ends on both sides, and what was under way to it is dropped", () => {
  const cancelled: number[] = [];
  const caller = new Caller();
  const server = new GrpcServerConnection(methods, {
    ...echo,
    onCancel: (_connection, stream) => cancelled.push(stream),
  });
  const stream = caller.connection.call(CHAT);
  caller.connection.send(stream, encodeLatin1("a"));
  carry(caller.connection, server, 100);
  caller.connection.cancel(stream);
  exchange(caller.connection, server);
  assert.deepEqual(cancelled, [stream]);
  assert.deepEqual(caller.told, []);
});

test("a server that shuts down answers what it has, and the client opens no more calls", () => {
  const caller = new Caller();
  const server = new GrpcServerConnection(methods, echo);
  const stream = caller.connection.call(CHAT);
  exchange(caller.connection, server);
  server.shutdown();
  exchange(caller.connection, server);
  assert.equal(caller.connection.call(CHAT), 0);
  caller.connection.send(stream, encodeLatin1("last"), true);
  exchange(caller.connection, server);
  assert.deepEqual(caller.told, ["1 last", "1 status 0"]);
  assert.deepEqual([server.closed, caller.connection.closed], [true, true]);
});

test("a lost connection ends every call once", () => {
  const caller = new Caller();
  caller.connection.unary(ECHO, new Uint8Array(1));
  caller.connection.call(CHAT);
  caller.connection.disconnect();
  caller.connection.disconnect();
  assert.deepEqual(
    caller.told.map((each) => each.slice(0, 11)),
    ["1 status 14", "3 status 14"],
  );
  assert.equal(caller.connection.call(ECHO), 0);
});

test("answers that are not gRPC become statuses", () => {
  const ok = encodeHeaders([[":status", "200"]]);
  const headers = (last: boolean, block = ok): Uint8Array =>
    script.frame(frames.HEADERS, frames.END_HEADERS | (last ? frames.END_STREAM : 0), 1, block);
  const refused = script.frame(frames.GOAWAY, 0, 0, new Uint8Array(8));
  const answers: [Uint8Array[], string][] = [
    [
      [headers(true, encodeHeaders([[":status", "404"]]))],
      "1 status 2 the server ended the call without a gRPC status (HTTP status 404)",
    ],
    [[headers(false), script.data(1, [], true)], "1 status 13 the server ended the call without trailers"],
    [[headers(false), script.data(1, [1, 0, 0, 0, 1, 7])], "1 status 13 a compressed message was received"],
    [[script.reset(1, frames.ErrorCode.REFUSED_STREAM)], "1 status 14 the call was reset (HTTP/2 error code 7)"],
    [[refused], "1 status 14 the call was reset (HTTP/2 error code 7)"],
    [[script.frame(frames.PUSH_PROMISE, 4, 1, [0, 0, 0, 2])], "1 status 14 the call was reset (HTTP/2 error code 10)"],
    [[script.frame(frames.HEADERS, 4, 1, [0x80])], "1 status 14 the call was reset (HTTP/2 error code 10)"],
  ];
  for (const [parts, expected] of answers) {
    const caller = new Caller();
    caller.connection.unary(ECHO, new Uint8Array(1));
    caller.connection.receive(concat([script.settings(), ...parts]));
    assert.deepEqual(caller.told, [expected]);
  }
});

test("random octets from a server never throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (chunks) => {
      const caller = new Caller();
      caller.connection.unary(ECHO, new Uint8Array(1));
      for (const chunk of chunks) caller.connection.receive(concat([script.settings(), chunk]));
      caller.connection.disconnect();
      assert.equal(caller.told.filter((each) => each.startsWith("1 status")).length, 1);
    }),
    { seed: 12, numRuns: 500 },
  );
});
