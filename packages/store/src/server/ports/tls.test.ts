/** The client port over TLS. Needs the programs `openssl` and `etcdctl` (Debian: etcd-client). */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { type EventEmitter, once } from "node:events";
import { get } from "node:https";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { encodeUtf8 } from "@synod/wire/utf8";
import { decodePutResponse, encodePutRequest } from "../../api/put.ts";
import { type Identity, TestAuthority } from "../testing/certificates.ts";
import { StoreServer } from "../testing/store-server.ts";

const HANDSHAKE_TIMEOUT = 300;

const authority = new TestAuthority();
const identity: Identity = authority.issue("server");
let server: StoreServer;
before(async () => {
  const tls = { cert: identity.cert, key: identity.key, handshakeTimeout: HANDSHAKE_TIMEOUT };
  server = await StoreServer.start({}, { server: tls, client: { ca: authority.cert } });
});
after(async () => {
  await server.close();
  authority.remove();
});

const put = (on: StoreServer, key: string) =>
  on.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: encodeUtf8(key) }));

async function etcdctl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("etcdctl", ["--endpoints", `https://${server.url}`, ...args], {
    env: { ...process.env, ETCDCTL_API: "3" },
  });
  return stdout;
}

test("HTTP/2 and HTTP/1.1 are negotiated, and each is answered as without TLS", async () => {
  assert.equal(server.client.alpnProtocol, "h2");
  assert.equal(decodePutResponse((await put(server, "a")).message).header.revision, 2);
  const [response] = await once(get(`https://${server.url}/health`, { ca: authority.cert, agent: false }), "response");
  assert.equal(response.statusCode, 200);
  assert.deepEqual(await response.toArray().then(String), '{"health":"true"}');
});

test("etcdctl trusts the server by its authority, and not without", async () => {
  assert.equal(await etcdctl("--cacert", authority.certFile, "put", "greeting", "hello"), "OK\n");
  assert.equal(await etcdctl("--cacert", authority.certFile, "get", "greeting"), "greeting\nhello\n");
  await assert.rejects(etcdctl("--command-timeout", "1s", "get", "greeting"));
});

/** Resolves when it is closed, by an error or without. */
function closed(connection: EventEmitter): Promise<void> {
  connection.on("error", () => {});
  return new Promise((resolve) => void connection.once("close", resolve));
}

function refused(options: ConnectionOptions): Promise<void> {
  const address = { port: server.listener.port, host: "127.0.0.1", ca: authority.cert };
  return closed(connectTls({ ...address, ...options }).resume());
}

test("who speaks plainly, or wants another protocol or an old TLS, is disconnected; the others are served", async () => {
  const plain = connect(server.listener.port, "127.0.0.1");
  plain.resume().write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
  await closed(plain);
  await refused({ ALPNProtocols: ["smtp"] });
  await refused({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" });
  assert.equal((await put(server, "b")).code, 0);
});

test("a client that never finishes its handshake is cut off", async () => {
  const silent = connect(server.listener.port, "127.0.0.1");
  await once(silent, "connect");
  silent.resume().write(Buffer.from([0x16, 0x03, 0x01, 0x02])); // the beginning of a hello
  const began = performance.now();
  await closed(silent);
  assert.ok(performance.now() - began > HANDSHAKE_TIMEOUT / 2);
  assert.equal(server.listener.connections, 1, "it never was a client");
});

test("with client certificates demanded, only their owners get in", async () => {
  const client = authority.issue("client");
  const stranger = new TestAuthority();
  const tls = { cert: identity.cert, key: identity.key, ca: authority.cert, requestCert: true };
  const own = await StoreServer.start({}, { server: tls, client: { ca: authority.cert, ...client } });
  assert.equal((await put(own, "a")).code, 0);
  for (const shown of [{}, stranger.issue("client")]) {
    await refused({ port: own.listener.port, ...shown });
  }
  assert.equal(own.listener.connections, 1);
  stranger.remove();
  await own.close();
});

test("closing does not wait for a handshake", async () => {
  const own = await StoreServer.start({}, { server: identity, client: { ca: authority.cert } });
  const silent = connect(own.listener.port, "127.0.0.1");
  await once(silent, "connect");
  const call = own.open("/etcdserverpb.KV/Put");
  await new Promise((resolve) => setImmediate(resolve));
  own.client.close();
  call.send((w) => encodePutRequest(w, { key: encodeUtf8("last") }));
  call.end();
  while (own.group.proposed === 0) await new Promise((resolve) => setImmediate(resolve));
  const end = Promise.all([closed(silent.resume()), own.listener.close(5000)]);
  assert.equal((await call.status).code, 0, "who has shaken hands may end");
  await end;
});

test("a key that is not the certificate's is refused before anybody connects", async () => {
  const other = authority.issue("other");
  await assert.rejects(
    StoreServer.start({}, { server: { cert: identity.cert, key: other.key }, client: {} }),
    /key values mismatch/,
  );
});
