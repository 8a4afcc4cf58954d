import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import type { ProtobufWriter } from "@synod/wire/protobuf";
import { encodePutRequest } from "../api/put.ts";
import { StoreServer } from "../server/testing/store-server.ts";

let server: StoreServer;

beforeEach(async () => {
  server = await StoreServer.start();
});

afterEach(async () => {
  await server.close();
});

/** A client of Node's own, and its messages in order. */
class Client {
  readonly socket: WebSocket;
  readonly #messages: Record<string, Record<string, unknown>>[] = [];
  #wake: (() => void) | undefined;

  constructor(path: string, protocols: string[] = []) {
    this.socket = new WebSocket(`ws://${server.url}${path}`, protocols);
    this.socket.addEventListener("message", ({ data }) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#wake?.();
    });
  }

  async next(): Promise<Record<string, Record<string, unknown>>> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#messages.shift()!;
  }
}

function put(key: string): Promise<unknown> {
  return server.call("/etcdserverpb.KV/Put", (writer: ProtobufWriter) =>
    encodePutRequest(writer, { key: Buffer.from(key), value: Buffer.from("1") }),
  );
}

test("a watch over a WebSocket: create, event, cancel, goodbye", async () => {
  const client = new Client("/v3/watch");
  await once(client.socket, "open");
  client.socket.send('{"create_request":{"key":"YQ=="}}');
  assert.equal((await client.next()).result?.created, true);
  await put("a");
  const events = (await client.next()).result?.events as { kv: { key: string } }[];
  assert.equal(events[0]?.kv.key, "YQ==");
  client.socket.send('{"cancel_request":{"watch_id":0}} {"create_request":{"key":"Yg=="}}');
  assert.equal((await client.next()).result?.canceled, true);
  assert.equal((await client.next()).result?.created, true);
  assert.equal(server.service.watches.watcherCount, 1);
  client.socket.close();
  await once(client.socket, "close");
  while (server.service.watches.watcherCount > 0) await new Promise(setImmediate);
});

test("a lease is kept alive, and a malformed message is told and ends the call", async () => {
  const client = new Client("/v3/lease/keepalive");
  await once(client.socket, "open");
  client.socket.send('{"ID":"77"}');
  assert.equal((await client.next()).result?.ID, "77");
  const closed = once(client.socket, "close");
  client.socket.send('{"ID":');
  assert.equal((await client.next()).error?.grpc_code, 3);
  assert.equal(((await closed) as unknown as CloseEvent[])[0]?.code, 1011);
});

test("a page's token comes as a subprotocol, and is heard", async () => {
  const client = new Client("/v3/watch", ["Bearer", "some.token"]);
  await once(client.socket, "open");
  assert.equal(client.socket.protocol, "Bearer");
  client.socket.close();
});

test("a quiet client is pinged, and a silent one let go", async () => {
  const socket = connect(server.listener.port, "127.0.0.1");
  const fields =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  socket.write(`GET /v3/watch HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n`);
  const [head] = await once(socket, "data");
  assert.match(String(head), /^HTTP\/1.1 101 [\s\S]*\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  const received: number[] = [];
  socket.on("data", (chunk: Buffer) => received.push(...chunk));
  const ended = once(socket, "end");
  for (let beat = 0; beat < 6; beat++) {
    server.now += 15_000_000;
    server.service.tick();
  }
  await ended;
  assert.deepEqual(received.slice(0, 8), [0x89, 0, 0x89, 0, 0x89, 0, 0x89, 0]);
  assert.deepEqual(received.slice(8, 12), [0x88, 20, 0x03, 0xe9]);
});

test("WebSocket elsewhere, and from pages of other origins, is refused", async () => {
  const status = async (path: string, origin?: string): Promise<string> => {
    const socket = connect(server.listener.port, "127.0.0.1");
    const from = origin === undefined ? "" : `Origin: ${origin}\r\n`;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${server.url}\r\nUpgrade: websocket\r\n${from}Connection: close\r\n\r\n`,
    );
    let text = "";
    for await (const chunk of socket) text += chunk;
    return text.slice(9, 12);
  };
  assert.equal(await status("/v3/kv/put"), "400");
  assert.equal(await status("/v3/none"), "404");
  assert.equal(await status("/v3/watch"), "400", "no key");
  assert.equal(await status("/v3/watch", "http://evil.example"), "403");
  assert.equal(await status("/v3/watch", `http://${server.url}`), "400", "the same origin");
});
