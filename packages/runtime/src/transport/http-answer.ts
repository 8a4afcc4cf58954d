import type { Socket } from "node:net";

/** What the peers' port says to somebody who speaks HTTP. */
export interface HttpAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const GET = [0x47, 0x45, 0x54, 0x20]; // "GET ", which no frame begins with: it would be longer than any may be

/** Whether a connection's first bytes are a request for a page. */
export function isHttp(chunk: Uint8Array): boolean {
  return chunk.length >= GET.length && GET.every((byte, at) => chunk[at] === byte);
}

/** Answers one GET and closes. Its request line must be in the first bytes; what follows it does not matter here. */
export function answerHttp(socket: Socket, chunk: Uint8Array, find: (path: string) => HttpAnswer | undefined): void {
  const line = new TextDecoder("latin1").decode(chunk.subarray(0, 1024)).split("\r\n", 1)[0] ?? "";
  const path = /^GET (\/[^ ?]*)\S* HTTP\/1\.[01]$/.exec(line)?.[1];
  const answer = path === undefined ? undefined : find(path);
  const status = answer === undefined ? "404 Not Found" : "200 OK";
  const { headers, body } = answer ?? { headers: { "Content-Type": "text/plain" }, body: "404 page not found\n" };
  const bytes = new TextEncoder().encode(body);
  const fields = { ...headers, "Content-Length": String(bytes.length), Connection: "close" };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status}\r\n${head.join("")}\r\n`);
  socket.end(bytes);
}
