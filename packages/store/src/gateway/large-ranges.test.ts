/** Ranges in JSON that are too large for one piece: made as the client takes them. */
import assert from "node:assert/strict";
import { get } from "node:http";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { ResponseFields } from "@synod/wire/http1/response";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { StoreModel } from "../model/store.ts";
import type { HttpRequest, HttpResponder } from "../server/ports/http-exchange.ts";
import { handleStoreHttp } from "../server/ports/store-http.ts";
import { AuthNode } from "../server/testing/auth-node.ts";
import { StoreServer } from "../server/testing/store-server.ts";

const KEYS = 3000;
const VALUE = 4096;
/** Of JSON: a part of an answer, and what base64 and one more record add to it. */
const LARGEST_PART = 200 << 10;

function fill(model: StoreModel): void {
  for (let i = 0; i < KEYS; i++) {
    const value = encodeUtf8(`${i}:`.padEnd(VALUE, i % 2 === 0 ? "x" : "\u00e9"));
    model.put({ key: encodeUtf8(`key/${String(i).padStart(5, "0")}`), value }, 1);
  }
}

/** A client that takes what it is sent when the test says so. */
class SlowReader implements HttpResponder {
  status = 0;
  readonly parts: Uint8Array[] = [];
  ended: "no" | "end" | "abort" = "no";
  queuedBytes = 0;
  /** The most that was ever made for it and not taken. */
  most = 0;

  respond(status: number, _fields: ResponseFields, body: Uint8Array): void {
    this.status = status;
    this.write(body);
    this.ended = "end";
  }

  begin(status: number): void {
    this.status = status;
  }

  write(part: Uint8Array): void {
    this.parts.push(part.slice());
    this.queuedBytes += part.length;
    this.most = Math.max(this.most, this.queuedBytes);
  }

  end(): void {
    this.ended = "end";
  }

  abort(): void {
    this.ended = "abort";
  }

  json(): Record<string, unknown> {
    return JSON.parse(Buffer.concat(this.parts).toString("utf8"));
  }
}

function ask(node: AuthNode, request: Partial<HttpRequest>): SlowReader {
  const reader = new SlowReader();
  const whole = { method: "GET", target: "/", headers: new Map<string, string>(), body: new Uint8Array(0), ...request };
  handleStoreHttp(whole as HttpRequest, reader, node.calls, []);
  node.run();
  return reader;
}

function takeAll(node: AuthNode, reader: SlowReader): void {
  while (reader.ended === "no") {
    const before = reader.parts.length;
    node.run();
    assert.equal(reader.parts.length, before, "nothing is made while the client takes nothing");
    reader.queuedBytes = 0;
    node.calls.writable();
    node.run();
  }
}

const ALL = { method: "POST", target: "/v3/kv/range", body: encodeUtf8('{"key":"AA==","range_end":"AA=="}') };
const filled = (): AuthNode => {
  const node = new AuthNode();
  fill(node.store.machine.model);
  return node;
};

test("the gateway makes a range part by part, and together they are what it makes of a small one", () => {
  const node = filled();
  const reader = ask(node, ALL);
  takeAll(node, reader);
  assert.deepEqual([reader.status, reader.ended], [200, "end"]);
  assert.ok(reader.parts.length > 50 && reader.most < LARGEST_PART, `${reader.parts.length} parts, ${reader.most}`);
  const { header, kvs, count, ...rest } = reader.json() as {
    header: object;
    kvs: Record<string, string>[];
    count: string;
  };
  assert.deepEqual([Object.keys(header).length > 0, count, rest], [true, String(KEYS), {}]);
  for (const i of [0, 1, KEYS - 1]) {
    const key = Buffer.from(`key/${String(i).padStart(5, "0")}`).toString("base64");
    const one = ask(node, { ...ALL, body: encodeUtf8(`{"key":"${key}"}`) }).json() as { kvs: object[] };
    assert.deepEqual(kvs[i], one.kvs[0]);
  }
  assert.equal(new Set(kvs.map(({ key }) => key)).size, KEYS);
});

test("REST makes a page part by part, with the cursor behind it", () => {
  const node = filled();
  const page = (query: string): SlowReader => ask(node, { target: `/api/store/keys/key/?prefix&${query}` });
  const first = page("limit=2000");
  takeAll(node, first);
  const large = first.json() as { items: object[]; cursor: string; count: number; more: boolean; revision: number };
  assert.ok(first.most < LARGEST_PART, `${first.most}`);
  const { count, more, revision } = large;
  assert.deepEqual([large.items.length, count, more, revision], [2000, KEYS, true, KEYS + 1]);
  const items: object[] = [];
  let cursor = "";
  for (let i = 0; i < 20; i++) {
    const small = page(`limit=100${cursor}`).json() as { items: object[]; cursor: string };
    items.push(...small.items);
    cursor = `&cursor=${small.cursor}`;
  }
  assert.deepEqual(large.items, items);
  assert.equal(`&cursor=${large.cursor}`, cursor);
  const rest = page(`limit=10000&cursor=${large.cursor}`);
  takeAll(node, rest);
  assert.deepEqual([(rest.json().items as object[]).length, rest.json().more], [KEYS - 2000, false]);
});

test("who takes nothing for two minutes sees its answer cut off, and the node lets go of it", () => {
  for (const request of [ALL, { target: "/api/store/keys/key/?prefix&limit=3000" }]) {
    const node = filled();
    const others = node.service.beating.size;
    const reader = ask(node, request);
    assert.equal(node.service.beating.size, others + 1);
    const { most } = reader;
    for (let beats = 0; beats < 10; beats++) {
      node.now += 15_000_000;
      node.service.tick();
      node.run();
    }
    assert.deepEqual([reader.ended, reader.most], ["abort", most]);
    assert.equal(node.service.beating.size, others);
  }
});

test("over a socket a slow reader gets everything, and others are served meanwhile", async () => {
  const server = await StoreServer.start();
  try {
    fill(server.machine.model);
    const url = `http://${server.url}`;
    const chunks: Buffer[] = [];
    const done = Promise.withResolvers<void>();
    const asking = get(`${url}/api/store/keys/key/?prefix&limit=3000`, (response) => {
      assert.equal(response.headers["transfer-encoding"], "chunked");
      response.pause();
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", done.resolve).on("error", done.reject);
      setImmediate(async () => {
        for (let i = 0; i < 20; i++) assert.equal((await fetch(`${url}/api/store/keys/key/00007`)).status, 200);
        await turn();
        response.resume();
      });
    });
    asking.on("error", done.reject);
    await done.promise;
    assert.equal((JSON.parse(Buffer.concat(chunks).toString("utf8")) as { items: object[] }).items.length, KEYS);
  } finally {
    await server.close();
  }
});
