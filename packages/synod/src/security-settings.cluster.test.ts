/** A cluster of `synod up` in which everybody proves who they are. Needs the program `openssl`. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { freePorts } from "@synod/runtime/testing/ports";
import { type Identity, TestAuthority } from "@synod/store/server/testing/certificates";
import { freePortOffset, Run } from "./testing/run.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-security-"));
const authority = new TestAuthority();
const server = authority.issue("server");
const client = authority.issue("client");
const revoked = authority.issue("revoked");
const list = join(folder, "list.pem");
const PAGE = "https://app.example";
const cleanups: (() => Promise<unknown>)[] = [];

after(async () => {
  await Promise.all(cleanups.map((cleanup) => cleanup()));
  rmSync(folder, { recursive: true, force: true });
  authority.remove();
});

const flags = [
  ...["--cert-file", server.certFile, "--key-file", server.keyFile, "--trusted-ca-file", authority.certFile],
  ...["--client-cert-auth", "--client-crl-file", list, "--client-cert-allowed-hostname", "localhost"],
  ...["--peer-cert-file", server.certFile, "--peer-key-file", server.keyFile, "--peer-trusted-ca-file"],
  ...[authority.certFile, "--peer-client-cert-auth", "--peer-crl-file", list, "--peer-cert-allowed-cn", "server"],
  ...["--cors", PAGE],
];

async function kv(
  endpoint: string,
  shown: Identity,
  ...verb: string[]
): Promise<{ code: number | null; said: string }> {
  const proof = ["--cacert", authority.certFile, "--cert", shown.certFile, "--key", shown.keyFile, "--timeout", "3000"];
  const run = new Run([...verb, "--endpoints", endpoint, ...proof]);
  const code = await run.ended();
  return { code, said: run.stdout + run.stderr };
}

/** What a page of another origin is told. */
function allowedOrigin(port: number, origin: string): Promise<[status: number | undefined, allowed: unknown]> {
  const trust = { ca: authority.cert, cert: client.cert, key: client.key, headers: { origin } };
  return new Promise((resolve, reject) => {
    const asking = request(`https://127.0.0.1:${port}/api/store/status`, trust, (response) => {
      response.resume();
      resolve([response.statusCode, response.headers["access-control-allow-origin"]]);
    });
    asking.on("error", reject).end();
  });
}

test("a cluster of synod up asks for certificates on all its ports, and so does a node that joins it", async () => {
  copyFileSync(authority.revoke(), list);
  const offset = String(await freePortOffset(3));
  const up = new Run(["up", "--json", "--data", join(folder, "up"), "--port-offset", offset, ...flags]);
  cleanups.push(() => up.stop());
  const [line] = await up.until(/^\{"event":"ready".*$/m);
  const { nodes } = JSON.parse(line) as { nodes: { store: string; peers: string }[] };
  const [one, two] = nodes.map(({ store }) => store) as [string, string];
  const port = (address: string): number => Number(address.split(":")[1]);

  assert.equal((await kv(one, client, "kv", "put", "k", "v")).code, 0);
  assert.match((await kv(two, revoked, "kv", "get", "k")).said, /v/);
  assert.match((await kv(one, client, "member", "list", "--json")).said, /"https:\/\/127\.0\.0\.1:\d+"/);
  assert.deepEqual(await allowedOrigin(port(one), PAGE), [200, PAGE]);
  assert.deepEqual(await allowedOrigin(port(one), "https://other.example"), [403, undefined]);
  for (const shown of [{}, { cert: client.cert, key: client.key }]) {
    const socket = connectTls({ port: port(nodes[0]?.peers ?? ""), host: "127.0.0.1", ca: authority.cert, ...shown });
    socket.resume().on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve)); // a peer is who is called so
  }

  const [store, peers, http] = (await freePorts(3)).map(String) as [string, string, string];
  const added = await kv(one, client, "member", "add", "n4", "--learner", "--peer-urls", `https://127.0.0.1:${peers}`);
  assert.equal(added.code, 0, added.said);
  const ports = ["--store-port", store, "--peer-port", peers, "--http-port", http];
  const place = ["--name", "n4", "--data", join(folder, "n4"), "--join", one];
  const joined = new Run(["serve", ...place, ...ports, ...flags, "--log", "json"]);
  cleanups.push(() => joined.stop());
  while (!/"ready"/.test(joined.stderr)) {
    assert.equal(joined.process.exitCode, null, joined.stderr);
    await delay(50);
  }
  const read = await kv(`127.0.0.1:${store}`, client, "kv", "get", "k", "--serializable");
  assert.equal(read.code, 0, read.said);

  copyFileSync(authority.revoke(revoked), `${list}.new`);
  renameSync(`${list}.new`, list);
  while ((await kv(two, revoked, "kv", "get", "k")).code === 0) await delay(100);
  assert.equal((await kv(two, client, "kv", "get", "k")).code, 0);
});

test("what is missing is said once, before any node is started", async () => {
  for (const [given, sentence] of [
    [["--peer-cert-file", server.certFile], /^synod: --peer-cert-file has no --peer-key-file beside it/],
    [["--client-crl-file", list], /need TLS: give --cert-file and --key-file, too/],
    [["--cors", "app.example"], /--cors has "app\.example": write it as browsers do, https:\/\/app\.example/],
  ] as const) {
    for (const verb of ["up", "serve"]) {
      const run = new Run([verb, "--data", join(folder, "never"), ...given]);
      assert.equal(await run.ended(), 2);
      assert.match(run.stderr, sentence);
      assert.equal(run.stderr.split("\n").length, 2, run.stderr);
    }
  }
});
