import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeLatin1, encodeLatin1 } from "../bytes.ts";
import { PREFACE } from "../http2/frames.ts";
import { detect } from "./detect.ts";
import { type Http1Handler, type Http1Request, Http1ServerConnection } from "./server-connection.ts";

/** A server that answers at once with what it understood. */
function echo(limits = { head: 1024, body: 4096 }): { connection: Http1ServerConnection; requests: Http1Request[] } {
  const requests: Http1Request[] = [];
  const handler: Http1Handler = {
    onRequest(connection, request) {
      requests.push(request);
      connection.respond(200, [], request.body);
    },
    onCancel: () => assert.fail("answered at once"),
  };
  return { connection: new Http1ServerConnection(handler, limits), requests };
}

function output(connection: Http1ServerConnection): string {
  let text = "";
  for (let bytes = connection.takeOutput(); bytes !== undefined; bytes = connection.takeOutput()) {
    text += decodeLatin1(bytes);
  }
  return text;
}

function statusOf(request: string): number {
  const { connection } = echo();
  connection.receive(encodeLatin1(request));
  const status = Number(output(connection).slice(9, 12));
  assert.equal(connection.closed, status !== 200, "after a refusal nobody knows where the next request starts");
  return status;
}

test("the first octets tell HTTP/2 from HTTP/1", () => {
  assert.equal(detect(PREFACE), "http2");
  assert.equal(detect(PREFACE.subarray(0, 23)), "unknown");
  assert.equal(detect(encodeLatin1("GET / HTTP/1.1\r\n")), "http1");
  assert.equal(detect(encodeLatin1("P")), "unknown");
  assert.equal(detect(encodeLatin1("POST /v3/kv/put")), "http1");
  assert.equal(detect(new Uint8Array(0)), "unknown");
});

test("a request is read and answered, and the connection goes on", () => {
  const { connection, requests } = echo();
  connection.receive(encodeLatin1("GET /health?a=b HTTP/1.1\r\nHost: n1\r\nX-A: 1\r\nx-a:\t2 \r\n\r\n"));
  assert.equal(requests[0]?.method, "GET");
  assert.equal(requests[0]?.target, "/health?a=b");
  assert.deepEqual(
    [...requests[0].headers],
    [
      ["host", "n1"],
      ["x-a", "1, 2"],
    ],
  );
  assert.equal(output(connection), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  assert.equal(connection.closed, false);
});

test("a request cut anywhere, with either framing of its body, is the same request", () => {
  const body = "0123456789abcdef\r\n0\r\n\r\n";
  const requests = [
    `POST /v3/kv/put HTTP/1.1\r\nHost: n1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `POST /v3/kv/put HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n00012\r\n${body.slice(5)}\r\n0\r\n\r\n`,
  ];
  fc.assert(
    fc.property(fc.constantFrom(...requests), fc.array(fc.nat(200), { maxLength: 8 }), (request, cuts) => {
      const { connection, requests: received } = echo();
      const whole = encodeLatin1(request + request);
      let from = 0;
      for (const cut of [...cuts, whole.length].sort((a, b) => a - b)) {
        connection.receive(whole.slice(from, Math.max(from, Math.min(cut, whole.length))));
        from = Math.max(from, Math.min(cut, whole.length));
      }
      assert.deepEqual(
        received.map((each) => decodeLatin1(each.body)),
        [body, body],
      );
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("what two readers could understand differently is refused", () => {
  const post = "POST / HTTP/1.1\r\nHost: n1\r\n";
  const smuggled: [string, number][] = [
    [`${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`, 400],
    [`${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 400],
    [`${post}Content-Length: 3, 3\r\n\r\nabc`, 400],
    [`${post}Content-Length: +3\r\n\r\nabc`, 400],
    [`${post}Content-Length: 0x3\r\n\r\nabc`, 400],
    [`${post}Content-Length: \r\n\r\nabc`, 400],
    [`${post}Content-Length : 3\r\n\r\nabc`, 400],
    [`${post}Content-Length: 3\r\n folded\r\n\r\nabc`, 400],
    [`${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
    [`${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501],
    [`${post}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`, 400],
    [`${post}Transfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\n\r\n`, 400],
    [`${post}Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n`, 400],
    [`${post}Transfer-Encoding: chunked\r\n\r\n\r\nabc`, 400],
    [`${post}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n`, 400],
    [`${post}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n`, 400],
    ["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: n1\r\nHost: n2\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET  / HTTP/1.1\r\nHost: n1\r\n\r\n", 400],
    ["GET / HTTP/1.1 \r\nHost: n1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: n1\r\nX: a\nY: b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: n1\r\nX: a\rY: b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: n1\r\nX: \0\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: n1\r\n: x\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: n1\r\nno colon\r\n\r\n", 400],
    ["G@T / HTTP/1.1\r\nHost: n1\r\n\r\n", 400],
    ["\r\nGET / HTTP/1.1\r\nHost: n1\r\n\r\n", 400],
    ["GET / HTTP/2.0\r\nHost: n1\r\n\r\n", 505],
    ["hello\r\n\r\n", 400],
  ];
  for (const [request, status] of smuggled) assert.equal(statusOf(request), status, JSON.stringify(request));
  assert.equal(statusOf(`${post}Content-Length: 3\r\n\r\nabc`), 200);
});

test("lines that end with a bare LF never end a head, so the request is refused when it grows too long", () => {
  const { connection } = echo();
  connection.receive(encodeLatin1("GET / HTTP/1.1\nHost: n1\n\n"));
  assert.equal(output(connection), "");
  for (let i = 0; i < 20; i++) connection.receive(new Uint8Array(100).fill(10));
  assert.match(output(connection), /^HTTP\/1\.1 431 /);
});

test("everything has a limit", () => {
  assert.equal(statusOf(`GET /${"a".repeat(2000)} HTTP/1.1\r\nHost: n1\r\n\r\n`), 431);
  const many = Array.from({ length: 120 }, (_, i) => `h${i}:\r\n`).join("");
  assert.equal(statusOf(`GET / HTTP/1.1\r\nHost: n1\r\n${many}\r\n`), 431);
  assert.equal(statusOf("POST / HTTP/1.1\r\nHost: n1\r\nContent-Length: 5000\r\n\r\n"), 413);
  assert.equal(statusOf("POST / HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"), 413);
});

test("requests wait for the answer before them, and too many of them cost the connection", () => {
  const seen: string[] = [];
  let cancelled = 0;
  const connection = new Http1ServerConnection({
    onRequest: (_connection, request) => seen.push(request.target),
    onCancel: () => cancelled++,
  });
  connection.receive(encodeLatin1("GET /a HTTP/1.1\r\nHost: n1\r\n\r\nGET /b HTTP/1.1\r\nHost: n1\r\n\r\n"));
  assert.deepEqual(seen, ["/a"]);
  connection.respond(204, [], new Uint8Array(0));
  assert.deepEqual(seen, ["/a", "/b"]);
  for (let i = 0; i < 5 && !connection.closed; i++) connection.receive(new Uint8Array(65_536));
  assert.equal(connection.closed, true);
  assert.equal(cancelled, 1);
});

test("an answer of unknown length goes out in chunks, to an old client until the connection closes", () => {
  const stream: Http1Handler = {
    onRequest(connection) {
      connection.begin(200, [["content-type", "text/plain"]]);
      connection.write(encodeLatin1("0123456789abcdef!"));
      connection.end();
    },
    onCancel: () => assert.fail("answered at once"),
  };
  const connection = new Http1ServerConnection(stream);
  connection.receive(encodeLatin1("GET / HTTP/1.1\r\nHost: n1\r\n\r\n"));
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n";
  assert.equal(output(connection), `${head}transfer-encoding: chunked\r\n\r\n11\r\n0123456789abcdef!\r\n0\r\n\r\n`);
  assert.equal(connection.closed, false);
  const old = new Http1ServerConnection(stream);
  old.receive(encodeLatin1("GET / HTTP/1.0\r\n\r\n"));
  assert.equal(output(old), `${head}connection: close\r\n\r\n0123456789abcdef!`);
  assert.equal(old.closed, true);
});

test("HEAD gets no body, 100-continue its invitation, and a value cannot break out of its line", () => {
  const { connection } = echo();
  connection.receive(encodeLatin1("HEAD / HTTP/1.1\r\nHost: n1\r\nContent-Length: 2\r\n\r\nab"));
  assert.equal(output(connection), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
  connection.receive(encodeLatin1("POST / HTTP/1.1\r\nHost: n1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  assert.equal(output(connection), "HTTP/1.1 100 Continue\r\n\r\n");
  const careless = new Http1ServerConnection({
    onRequest: (each) => each.respond(302, [["location", "/\r\nset-cookie: x"]], new Uint8Array(0)),
    onCancel: () => assert.fail("answered at once"),
  });
  careless.receive(encodeLatin1("GET / HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n"));
  assert.doesNotMatch(output(careless), /\nset-cookie/);
  assert.equal(careless.closed, true);
});

test("any octets end in a refusal or are waited for, never in an exception", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("GET / HTTP/1.1\r\n", "Host: n1\r\n", "\r\n", "0\r\n", "ff\r\n"));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 20 }), (parts) => {
      const { connection } = echo();
      for (const part of parts) connection.receive(encodeLatin1(part));
      output(connection);
    }),
    { seed: 2, numRuns: 500 },
  );
});

test("a server that shuts down answers what it has begun to read, and closes", () => {
  const { connection } = echo();
  connection.receive(encodeLatin1("GET / HTTP/1.1\r\nHost:"));
  connection.shutdown();
  assert.equal(connection.closed, false);
  connection.receive(encodeLatin1(" n1\r\n\r\n"));
  assert.match(output(connection), /connection: close/);
  assert.equal(connection.closed, true);
});

test("after an upgrade everything belongs to the other protocol, both ways", () => {
  const received: string[] = [];
  let ended = 0;
  const connection = new Http1ServerConnection({
    onRequest(each) {
      assert.equal(each.phase, "answering");
      each.upgrade([["upgrade", "echo"]], {
        receive(chunk) {
          received.push(decodeLatin1(chunk));
          each.writeRaw(chunk);
        },
        shutdown() {
          each.writeRaw(encodeLatin1("bye"));
          each.disconnect();
        },
      });
    },
    onCancel: () => ended++,
  });
  assert.equal(connection.phase, "waiting");
  connection.receive(encodeLatin1("GET / HTTP/1.1\r\nHost:"));
  assert.equal(connection.phase, "reading");
  connection.receive(encodeLatin1(" n1\r\n\r\nGET /early HTTP/1.1\r\n"));
  connection.receive(encodeLatin1("late"));
  connection.respond(200, [], encodeLatin1("no request asks for it"));
  assert.deepEqual(received, ["GET /early HTTP/1.1\r\n", "late"]);
  const said = "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\r\nGET /early HTTP/1.1\r\nlate";
  assert.equal(connection.queuedBytes, said.length);
  assert.equal(output(connection), said);
  connection.shutdown();
  assert.deepEqual([output(connection), connection.closed, ended], ["bye", true, 1]);
});
