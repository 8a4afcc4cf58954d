import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { StoreServer } from "../server/testing/store-server.ts";

let server: StoreServer;
let stop: AbortController;

beforeEach(async () => {
  server = await StoreServer.start();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await server.close();
});

interface Told {
  readonly event?: string;
  readonly id?: string;
  readonly data?: Record<string, unknown>;
  readonly comment?: string;
}

/** Blocks of a stream of server-sent events, as they come. */
async function* watch(query: string, headers: Record<string, string> = {}): AsyncGenerator<Told> {
  const response = await fetch(`http://${server.url}/api/store/keys${query}`, { headers, signal: stop.signal });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) yield parse(block);
  }
}

function parse(block: string): Told {
  const told: Record<string, unknown> = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w*): (.*)$/.exec(line)!;
    told[name === "" ? "comment" : name!] = name === "data" ? JSON.parse(value!) : value;
  }
  return told;
}

async function put(key: string, value: string): Promise<void> {
  const response = await fetch(`http://${server.url}/api/store/keys/${key}`, { method: "PUT", body: value });
  await response.arrayBuffer();
}

async function post(path: string, body: string): Promise<void> {
  const response = await fetch(`http://${server.url}${path}`, { method: "POST", body });
  assert.equal(response.status, 200, await response.text());
}

async function next(told: AsyncGenerator<Told>): Promise<Told> {
  return (await told.next()).value as Told;
}

test("changes are told as they happen, and only the last of a revision has an id", async () => {
  const told = watch("/a/?prefix&watch&prev");
  assert.deepEqual(await next(told), { comment: "watching", id: "1" });
  await put("a/1", "x");
  assert.deepEqual(await next(told), {
    event: "put",
    id: "2",
    data: { key: "a/1", value: "x", modRevision: 2, createRevision: 2, version: 1 },
  });
  await post("/api/store/txn", '{"then":[{"delete":{"key":"a/1"}},{"put":{"key":"a/2","value":"y"}}]}');
  const [first, second] = [await next(told), await next(told)];
  assert.deepEqual([first.event, first.id, second.event, second.id], ["delete", undefined, "put", "3"]);
  assert.equal((first.data?.prev as { value: string } | undefined)?.value, "x");
});

test("whoever comes back with the last id misses nothing", async () => {
  for (const value of ["1", "2", "3", "4"]) await put("a", value);
  const told = watch("/a?watch", { "last-event-id": "3" });
  assert.deepEqual(await next(told), { comment: "watching" });
  assert.deepEqual([(await next(told)).data?.value, (await next(told)).data?.value], ["3", "4"]);
  const puts = watch("/a?watch&rev=2&events=put");
  await next(puts);
  assert.equal((await next(puts)).id, "2");
});

test("whoever comes back too late is told so", async () => {
  for (const value of ["1", "2", "3", "4"]) await put("a", value);
  await post("/v3/kv/compaction", '{"revision":"4"}');
  const told = watch("/a?watch", { "last-event-id": "2" });
  assert.deepEqual(await next(told), { comment: "watching" });
  const { event, data } = await next(told);
  assert.deepEqual([event, data?.code, data?.compactRevision], ["compacted", "compacted", 4]);
  assert.match(String(data?.help), /current state/);
  assert.equal((await told.next()).done, true);
});

test("a quiet stream shows that it lives, and its watch ends with its client", async () => {
  const others = server.service.beating.size;
  const told = watch("/a?watch");
  await next(told);
  server.now += 15_000_000;
  server.service.tick();
  server.service.tick();
  assert.deepEqual(await next(told), { comment: "still here" });
  assert.equal(server.service.watches.watcherCount, 1);
  stop.abort();
  while (server.service.watches.watcherCount > 0) await new Promise(setImmediate);
  assert.equal(server.service.beating.size, others);
});

test("a stream that cannot begin is refused with its reason", async () => {
  const response = await fetch(`http://${server.url}/api/store/keys?watch&from=b&to=a`);
  assert.equal(response.status, 400);
  assert.match(((await response.json()) as { message: string }).message, /range is empty/);
});

test("a reader who does not read is caught up from history", async () => {
  const socket = connect(server.listener.port, "127.0.0.1");
  socket.write("GET /api/store/keys/a?watch HTTP/1.1\r\nHost: x\r\n\r\n");
  socket.pause();
  while (server.service.watches.watcherCount === 0) await new Promise(setImmediate);
  const value = "v".repeat(512 << 10);
  for (let i = 0; i < 30; i++) await put("a", value);
  assert.equal(server.service.watches.behindCount, 1);
  const ids: number[] = [];
  let tail = "";
  for await (const chunk of socket) {
    tail = (tail + chunk).slice(-(chunk.length + 20));
    for (const [, id] of tail.matchAll(/id: (\d+)\n/g)) if (!ids.includes(Number(id))) ids.push(Number(id));
    if (ids.at(-1) === 31) break;
  }
  assert.deepEqual(
    ids,
    Array.from({ length: 31 }, (_, i) => i + 1),
  );
});
