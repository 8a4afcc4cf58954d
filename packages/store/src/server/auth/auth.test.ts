/** Signing in, over sockets and with real passwords. Needs the program `openssl`. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { after, test } from "node:test";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { Etcd3 } from "etcd3";
import {
  encodeAuthenticateRequest,
  encodeRoleGrantPermissionRequest,
  encodeUserAddRequest,
  encodeUserChangePasswordRequest,
  encodeUserRoleRequest,
} from "../../api/auth.ts";
import { encodePutRequest } from "../../api/put.ts";
import { encodeRangeRequest } from "../../api/range.ts";
import { TestAuthority } from "../testing/certificates.ts";
import { StoreServer } from "../testing/store-server.ts";
import type { AuthSettings } from "./gate.ts";
import { acceptHash } from "./passwords.ts";

const AUTH = "/etcdserverpb.Auth/";
const FAILED = "etcdserver: authentication failed, invalid user ID or password";
const key = encodeUtf8;

/** root and alice, who may everything below `a`; authentication is on. */
async function setUp(server: StoreServer): Promise<void> {
  const ok = async (method: string, encode: (w: ProtobufWriter) => void = () => {}): Promise<void> =>
    assert.equal((await server.call(AUTH + method, encode)).text, "", method);
  for (const name of ["root", "alice"]) await ok("UserAdd", (w) => encodeUserAddRequest(w, user(name, `${name}'s`)));
  await ok("UserAdd", (w) => encodeUserAddRequest(w, { ...user("bob", ""), noPassword: true }));
  await ok("RoleAdd", (w) => w.string(1, "r"));
  const permission = { type: 2, key: key("a"), rangeEnd: key("b") };
  await ok("RoleGrantPermission", (w) => encodeRoleGrantPermissionRequest(w, { role: "r", permission }));
  await ok("UserGrantRole", (w) => encodeUserRoleRequest(w, { user: "alice", role: "r" }));
  await ok("UserGrantRole", (w) => encodeUserRoleRequest(w, { user: "root", role: "root" }));
  await ok("AuthEnable");
}

function user(name: string, password: string) {
  return { name, password, noPassword: false, hashedPassword: "" };
}

async function withUsers(
  auth: Partial<AuthSettings>,
  story: (server: StoreServer) => Promise<void>,
  tls?: Parameters<typeof StoreServer.start>[1],
): Promise<void> {
  const server = await StoreServer.start({}, tls, auth);
  try {
    await setUp(server);
    await story(server);
  } finally {
    await server.close();
  }
}

function tokenIn(message: ProtobufReader): string {
  let token = "";
  while (message.next()) {
    if (message.field === 2) token = message.string();
    else message.skip();
  }
  return token;
}

async function signIn(server: StoreServer, name: string, password: string): Promise<string> {
  const reply = await server.call(`${AUTH}Authenticate`, (w) => encodeAuthenticateRequest(w, { name, password }));
  return reply.code === 0 ? tokenIn(reply.message) : reply.text;
}

async function get(server: StoreServer, name: string, metadata: Record<string, string>): Promise<string> {
  const encode = (w: ProtobufWriter): void => encodeRangeRequest(w, { key: key(name) });
  return (await server.call("/etcdserverpb.KV/Range", encode, metadata)).text;
}

test("a password gives a token, and a token is shown in either of two places", async () => {
  await withUsers({}, async (server) => {
    const token = await signIn(server, "alice", "alice's");
    assert.match(token, /^[A-Za-z]{16}\.\d+$/);
    assert.equal(await get(server, "a", { token }), "");
    assert.equal(await get(server, "a", { authorization: token }), "");
    assert.equal(await get(server, "a", { authorization: `Bearer ${token}` }), "");
    assert.equal(await get(server, "b", { token }), "etcdserver: permission denied");
    assert.equal(await get(server, "a", {}), "etcdserver: user name is empty");
    assert.equal(await get(server, "a", { token: "guessed" }), "etcdserver: invalid auth token");
  });
});

test("who cannot sign in is not told why", async () => {
  await withUsers({}, async (server) => {
    assert.equal(await signIn(server, "alice", "wrong"), FAILED);
    assert.equal(await signIn(server, "alice", ""), FAILED);
    assert.equal(await signIn(server, "bob", "nobody"), FAILED, "has no password");
    assert.equal(await signIn(server, "nobody", "nobody"), FAILED, "does not exist");
    assert.equal(await signIn(server, "", ""), FAILED);
  });
});

test("another password ends what the former one gave", async () => {
  await withUsers({}, async (server) => {
    const token = await signIn(server, "alice", "alice's");
    const root = await signIn(server, "root", "root's");
    const change = { name: "alice", password: "another", hashedPassword: "" };
    const encode = (w: ProtobufWriter): void => encodeUserChangePasswordRequest(w, change);
    assert.equal((await server.call(`${AUTH}UserChangePassword`, encode, { token })).code, 7, "not even one's own");
    assert.equal((await server.call(`${AUTH}UserChangePassword`, encode, { token: root })).code, 0);
    assert.equal(await get(server, "a", { token }), "etcdserver: invalid auth token");
    assert.equal(await signIn(server, "alice", "alice's"), FAILED);
    assert.match(await signIn(server, "alice", "another"), /\./);
  });
});

test("a password of which bcrypt would not look at the end is refused", async () => {
  await withUsers({}, async (server) => {
    const root = await signIn(server, "root", "root's");
    const add = (name: string, password: string) =>
      server.call(`${AUTH}UserAdd`, (w) => encodeUserAddRequest(w, user(name, password)), { token: root });
    assert.equal((await add("long", "é".repeat(36))).code, 0);
    assert.equal(await signIn(server, "long", "é".repeat(35)), FAILED);
    const { code, text } = await add("longer", `${"é".repeat(36)}.`);
    assert.deepEqual([code, text], [3, "bcrypt: password length exceeds 72 bytes"]);
  });
});

test("guessing in crowds is answered, and holds nobody up", async () => {
  await withUsers({}, async (server) => {
    const token = await signIn(server, "alice", "alice's");
    const guesses = Array.from({ length: 200 }, (_, i) => signIn(server, "alice", `guess ${i}`));
    assert.equal(await get(server, "a", { token }), "");
    const answers = await Promise.all(guesses);
    assert.deepEqual([...new Set(answers)].sort(), [FAILED, "etcdserver: too many requests"]);
  });
});

test("a hash may be given in place of a password, if it can be checked in time", () => {
  const hash = "$2b$04$FBkx3TzNCu9F1htfk/kdMOho/Dn5S8I06ta3mYyjU8QX1wydd3sMy";
  assert.equal(acceptHash(hash), hash);
  assert.equal(acceptHash(Buffer.from(hash).toString("base64")), hash);
  for (const other of ["plain", hash.slice(1), hash.replace("04", "31"), hash.replace("04", "03"), `${hash}x`]) {
    assert.equal(acceptHash(other), undefined, other);
  }
});

test("a signed token is old as soon as the users are others", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  await withUsers({ jwt: { signMethod: "ES256", privateKey: pem, ttl: 60 } }, async (server) => {
    const token = await signIn(server, "alice", "alice's");
    assert.equal(token.split(".").length, 3);
    assert.equal(await get(server, "a", { token }), "");
    assert.equal(await get(server, "b", { token }), "etcdserver: permission denied");
    const forged = `${token.slice(0, -4)}AAAA`;
    assert.equal(await get(server, "a", { token: forged }), "etcdserver: invalid auth token");
    const root = await signIn(server, "root", "root's");
    for (const role of ["s", "t"]) {
      const reply = await server.call(`${AUTH}RoleAdd`, (w) => w.string(1, role), { token: root });
      assert.equal(reply.text, "", "root may go on with what it has");
    }
    assert.equal(await get(server, "a", { token }), "etcdserver: revision of auth store is old");
    assert.equal(await get(server, "a", { token: await signIn(server, "alice", "alice's") }), "");
  });
});

test("the JSON gateway takes the token that it gave", async () => {
  await withUsers({}, async (server) => {
    const post = async (path: string, body: unknown, token = ""): Promise<Record<string, unknown>> => {
      const headers = token === "" ? {} : { authorization: token };
      const reply = await fetch(`http://${server.url}/v3/${path}`, {
        method: "POST",
        headers: { ...headers, connection: "close" },
        body: JSON.stringify(body),
      });
      return (await reply.json()) as Record<string, unknown>;
    };
    const { token } = await post("auth/authenticate", { name: "alice", password: "alice's" });
    const put = { key: btoa("a"), value: btoa("1") };
    assert.ok("header" in (await post("kv/put", put, String(token))));
    assert.equal((await post("kv/put", { ...put, key: btoa("b") }, String(token))).code, 7);
    assert.equal((await post("kv/put", put)).error, "etcdserver: user name is empty");
  });
});

test("a client that somebody else wrote signs in, and again when its token is gone", async () => {
  await withUsers({ tokenTtl: 300 }, async (server) => {
    const client = new Etcd3({ hosts: server.url, auth: { username: "alice", password: "alice's" } });
    try {
      await client.put("a").value("1");
      server.now += 301_000_000;
      assert.equal(await client.get("a").string(), "1");
      await assert.rejects(async () => client.put("b").value("1"), /permission denied/);
    } finally {
      client.close();
    }
  });
});

const authority = new TestAuthority();
after(() => authority.remove());

test("a client's certificate says who it is, but not to the JSON gateway", async () => {
  const own = authority.issue("server");
  const { cert, key: secret } = authority.issue("alice");
  const tls = {
    server: { cert: own.cert, key: own.key, ca: authority.cert, requestCert: true },
    client: { ca: authority.cert, cert, key: secret },
  };
  const server = await StoreServer.start({}, tls);
  try {
    await setUp(server);
    const put = (name: string) => server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: key(name) }));
    assert.equal((await put("a")).text, "");
    assert.equal((await put("b")).text, "etcdserver: permission denied");
    const json = { ca: authority.cert, cert, key: secret, method: "POST", agent: false };
    const request = httpsRequest(`https://${server.url}/v3/kv/put`, json);
    request.end(JSON.stringify({ key: btoa("a") }));
    const [response] = await once(request, "response");
    assert.match((await response.toArray()).join(""), /etcdserver: user name is empty/);
  } finally {
    await server.close();
  }
});
