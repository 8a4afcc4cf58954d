import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Link } from "./link.ts";

const echo = createServer((socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
});
let link: Link;

before(async () => {
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  link = await Link.open((echo.address() as AddressInfo).port);
});

after(() => {
  link.close();
  echo.close();
});

async function dial(): Promise<Socket> {
  const socket = connect({ port: link.port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** A reset is an error first and then a close; here only the end counts. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** @returns what came back within the time. */
async function say(socket: Socket, text: string, withinMs = 200): Promise<string | undefined> {
  const answer = once(socket, "data").then(([bytes]) => String(bytes));
  socket.write(text);
  return Promise.race([answer, sleep(withinMs).then(() => undefined)]);
}

test("an open link passes bytes both ways", async () => {
  const socket = await dial();
  assert.equal(await say(socket, "hello"), "hello");
  socket.destroy();
});

test("a cut link ends what is there and what comes", async () => {
  const socket = await dial();
  await say(socket, "hello");
  const closed = ended(socket);
  link.set("cut");
  await closed;
  const late = connect({ port: link.port, host: "127.0.0.1" });
  late.on("error", () => {});
  await ended(late);
  link.set("open");
  const again = await dial();
  assert.equal(await say(again, "again"), "again");
  again.destroy();
});

test("a black hole keeps connections, passes nothing, and ends them when it is healed", async () => {
  const socket = await dial();
  assert.equal(await say(socket, "hello"), "hello");
  link.set("blackHole");
  assert.equal(await say(socket, "lost"), undefined);
  assert.equal(socket.destroyed, false);
  const closed = ended(socket);
  link.set("open");
  await closed;
});

test("a slow link delays each way and keeps the order", async () => {
  const socket = await dial();
  link.set("open", 40);
  const start = performance.now();
  assert.equal(await say(socket, "slow", 1000), "slow");
  assert.ok(performance.now() - start >= 75, "two delays of 40 ms, less the timers' grain");
  link.set("open");
  socket.destroy();
});
