/** Our client's side against Node's own HTTP/2 server, which shares no code with it, over a loopback socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { GrpcClientConnection } from "./client-connection.ts";

let server: Http2Server;
let socket: Socket;
let connection: GrpcClientConnection;
const received = new Map<number, number>();
const statuses = new Map<number, string>();
let finished = 0;
let wake: () => void = () => {};

/** Sends back what it gets, and the number of its octets as the status text. */
function echo(stream: ServerHttp2Stream): void {
  let octets = 0;
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": `${octets} octets%21` }));
  stream.on("data", (part: Buffer) => {
    octets += part.length;
  });
  stream.on("error", () => stream.destroy());
  stream.pipe(stream);
}

function flush(): void {
  for (let bytes = connection.takeOutput(); bytes !== undefined; bytes = connection.takeOutput()) socket.write(bytes);
}

before(async () => {
  server = createServer();
  server.on("stream", echo);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  connection = new GrpcClientConnection(
    {
      onMessage: (stream, message) => received.set(stream, (received.get(stream) ?? 0) + message.length),
      onStatus(stream, code, text) {
        statuses.set(stream, `${code} ${text}`);
        finished++;
        wake();
      },
    },
    `127.0.0.1:${port}`,
  );
  socket = connect(port, "127.0.0.1");
  socket.on("data", (chunk: Buffer) => {
    connection.receive(chunk);
    flush();
  });
  await once(socket, "connect");
});

after(() => {
  socket.destroy();
  server.close();
});

async function untilFinished(calls: number): Promise<void> {
  flush();
  while (finished < calls) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  finished = 0;
}

test("hundreds of calls of many sizes come back whole, headers from the dynamic table and all", async () => {
  const sizes = Array.from({ length: 200 }, (_, i) => (i % 20 === 0 ? 300_000 : i * 7));
  const streams = sizes.map((size) => {
    const stream = connection.unary("/test.Echo/Unary", new Uint8Array(size));
    flush(); // the server refuses more streams than it has announced, so let it see each
    return stream;
  });
  await untilFinished(sizes.length);
  assert.deepEqual(
    streams.map((stream) => received.get(stream)),
    sizes,
  );
  assert.equal(statuses.get(streams[3] as number), "0 26 octets!");
});

test("a stream sends while it receives, far beyond every window", async () => {
  const stream = connection.call("/test.Echo/Chat");
  for (let i = 0; i < 40; i++) connection.send(stream, new Uint8Array(100_000));
  connection.halfClose(stream);
  await untilFinished(1);
  assert.equal(received.get(stream), 4_000_000);
  assert.equal(statuses.get(stream), "0 4000200 octets!");
});
