import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Door } from "./door.ts";

let member: Server;
let door: Door;

before(async () => {
  member = createServer((request, response) => response.end(`heard ${request.url}`));
  member.listen(0, "127.0.0.1");
  await once(member, "listening");
  door = await Door.open((member.address() as AddressInfo).port);
});

after(() => {
  door.close();
  member.closeAllConnections();
  member.close();
});

async function dial(): Promise<Socket> {
  const socket = connect({ port: door.port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** A reset is an error first and then a close; here only the end counts. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** One request of etcd's kind. @returns the end of what came back within the time. */
async function ask(socket: Socket, path: string, caller: string | undefined): Promise<string | undefined> {
  const from = caller === undefined ? "" : `X-Server-From: ${caller}\r\n`;
  const answer = new Promise<string>((resolve) => {
    socket.once("data", (bytes) => resolve(/heard \S+/.exec(String(bytes))?.[0] ?? String(bytes)));
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: n1\r\n${from}\r\n`);
  return Promise.race([answer, sleep(300).then(() => undefined)]);
}

test("who says another id than the one that is shut out passes", async () => {
  const [bad, good] = [await dial(), await dial()];
  assert.equal(await ask(bad, "/raft/1", "8e9e05c52164694d"), "heard /raft/1");
  assert.equal(await ask(good, "/raft/2", "91bc3c398fb3c146"), "heard /raft/2");
  const way = door.wayOf("8e9e05c52164694d");
  way.set("blackHole");
  assert.equal(await ask(bad, "/raft/3", "8e9e05c52164694d"), undefined);
  assert.equal(await ask(good, "/raft/4", "91bc3c398fb3c146"), "heard /raft/4");
  const ended = closed(bad);
  way.set("open");
  await ended;
  good.destroy();
});

test("a connection that began with a probe of nobody's is known by its first request with a name", async () => {
  const socket = await dial();
  const way = door.wayOf("a8266ecf031671f3");
  way.set("cut");
  assert.equal(await ask(socket, "/raft/probing", undefined), "heard /raft/probing");
  const ended = closed(socket);
  socket.write("POST /raft HTTP/1.1\r\nHost: n1\r\nX-Server-From: a8266ecf031671f3\r\nContent-Length: 0\r\n\r\n");
  await ended;
});
