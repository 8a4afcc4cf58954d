/** Our server's side against Node's own HTTP/2 client, which shares no code with it, over a loopback socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { GrpcMethods } from "./methods.ts";
import { type GrpcHandler, GrpcServerConnection } from "./server-connection.ts";

const [ECHO, CHAT, COUNT, SLOW] = [0, 1, 2, 3];
const methods = new GrpcMethods([
  { path: "/test.Echo/Unary" },
  { path: "/test.Echo/Chat", clientStreaming: true },
  { path: "/test.Echo/Count" },
  { path: "/test.Echo/Slow" },
]);

const cancelled: number[] = [];
/** Messages that Count still has to send, by call. */
const counting = new Map<number, number>();
const handler: GrpcHandler = {
  onMessage(connection, stream, method, message, last) {
    if (method === ECHO) connection.respond(stream, message);
    else if (method === CHAT) {
      connection.send(stream, message);
      if (last) connection.finish(stream, 0, "");
    } else if (method === COUNT) {
      counting.set(stream, 2000);
      handler.onStreamWritable?.(connection, stream, method);
    } else connection.send(stream, Uint8Array.of(1));
  },
  onHalfClose: (connection, stream) => connection.finish(stream, 0, ""),
  onCancel: (_connection, _stream, method) => cancelled.push(method),
  onStreamWritable(connection, stream) {
    for (let left = counting.get(stream) ?? 0; left > 0; left--) {
      counting.set(stream, left - 1);
      if (connection.send(stream, new Uint8Array(1000).fill(left)) > 50_000) return;
    }
    counting.delete(stream);
    connection.finish(stream, 9, "counted, 100 % — done");
  },
};

let server: Server;
let client: ClientHttp2Session;
const sockets = new Set<Socket>();

function serve(socket: Socket): void {
  sockets.add(socket);
  const connection = new GrpcServerConnection(methods, handler);
  const flush = (): void => {
    for (let bytes = connection.takeOutput(); bytes !== undefined; bytes = connection.takeOutput()) {
      if (!socket.write(bytes)) {
        connection.setCongested(true);
        break;
      }
    }
    if (connection.closed) socket.end();
  };
  socket.on("data", (chunk: Buffer) => {
    connection.receive(chunk, Math.floor(performance.now() * 1000));
    flush();
  });
  socket.on("drain", () => {
    connection.setCongested(false);
    flush();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connection.disconnect());
  flush();
}

before(async () => {
  server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, "connect");
});

after(() => {
  client.destroy();
  for (const socket of sockets) socket.destroy();
  server.close();
});

function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

function call(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  return client.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
}

interface Answer {
  headers: Record<string, unknown>;
  body: Buffer;
  trailers: Record<string, unknown>;
}

async function answer(stream: ClientHttp2Stream): Promise<Answer> {
  let headers: Record<string, unknown> = {};
  let trailers: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  stream.on("response", (received) => {
    headers = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (part: Buffer) => parts.push(part));
  await once(stream, "close");
  return { headers, body: Buffer.concat(parts), trailers };
}

test("a unary call is answered with headers, the message and a status", async () => {
  const stream = call("/test.Echo/Unary");
  stream.end(frame(Buffer.from("hello")));
  const { headers, body, trailers } = await answer(stream);
  assert.equal(headers[":status"], 200);
  assert.equal(headers["content-type"], "application/grpc");
  assert.deepEqual(body, frame(Buffer.from("hello")));
  assert.equal(trailers["grpc-status"], "0");
});

test("a thousand calls at once on one connection keep their answers apart", async () => {
  const bodies = Array.from({ length: 1000 }, (_, i) => frame(Buffer.from(`call ${i}`)));
  const answers = await Promise.all(
    bodies.map((body) => {
      const stream = call("/test.Echo/Unary", { "x-request": `${body.length}` });
      stream.end(body);
      return answer(stream);
    }),
  );
  assert.deepEqual(
    answers.map(({ body }) => body),
    bodies,
  );
});

test("a message of almost two mebibytes passes both ways through the windows", async () => {
  const body = frame(Buffer.alloc((2 << 20) - 7, "abcdefg"));
  const stream = call("/test.Echo/Unary");
  stream.end(body);
  const received = await answer(stream);
  assert.equal(received.body.equals(body), true);
  assert.equal(received.trailers["grpc-status"], "0");
});

test("a bidirectional stream answers every message, whatever the frames it was cut into", async () => {
  const stream = call("/test.Echo/Chat");
  const messages = Array.from({ length: 300 }, (_, i) => Buffer.alloc(i * 13, i));
  const whole = Buffer.concat(messages.map(frame));
  for (let at = 0; at < whole.length; at += 997) stream.write(whole.subarray(at, at + 997));
  stream.end();
  const { body, trailers } = await answer(stream);
  assert.equal(body.equals(whole), true);
  assert.equal(trailers["grpc-status"], "0");
});

test("a server stream waits for the client's windows, and its status arrives as it was written", async () => {
  const stream = call("/test.Echo/Count");
  stream.end(frame(Buffer.alloc(0)));
  const { body, trailers } = await answer(stream);
  assert.equal(body.length, 2000 * 1005);
  assert.equal(body.at(-1), 1);
  assert.equal(trailers["grpc-status"], "9");
  assert.equal(decodeURIComponent(String(trailers["grpc-message"])), "counted, 100 % — done");
});

test("a call that the client resets is cancelled", async () => {
  const stream = call("/test.Echo/Slow");
  stream.end(frame(Buffer.alloc(3)));
  await once(stream, "data");
  stream.close(8);
  await once(stream, "close");
  await answerTo("/test.Echo/Unary"); // frames arrive in order, so the reset has been seen by now
  assert.deepEqual(cancelled, [SLOW]);
});

async function answerTo(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const stream = call(path, headers);
  stream.end(frame(Buffer.alloc(1)));
  return answer(stream);
}

test("what is no call of ours is refused in the words that clients know", async () => {
  const method = await answerTo("/test.Echo/Sing");
  assert.equal(method.headers["grpc-status"], "12");
  assert.equal(method.headers["grpc-message"], "unknown method Sing for service test.Echo");
  const service = await answerTo("/test.Choir/Sing");
  assert.equal(service.headers["grpc-message"], "unknown service test.Choir");
  assert.equal((await answerTo("/test.Echo/Unary", { "content-type": "text/plain" })).headers[":status"], 415);
  const get = client.request({ ":path": "/test.Echo/Unary", "content-type": "application/grpc" });
  assert.equal((await answer(get)).headers[":status"], 405);
});
