/** A cluster in which everybody proves who they are. Needs the programs `openssl` and `etcdctl` (Debian: etcd-client). */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { TestAuthority } from "@synod/store/server/testing/certificates";
import { EtcdMember, type EtcdPlace, etcdPlaces } from "./cluster-test/etcd-member.ts";
import { Etcdctl } from "./cluster-test/etcdctl.ts";
import { Run } from "./testing/run.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-etcd-tls-"));
const authority = new TestAuthority();
const stranger = new TestAuthority();
const server = authority.issue("server");
const client = authority.issue("client");
const revoked = authority.issue("revoked");
const started: EtcdMember[] = [];

after(async () => {
  await Promise.all(started.map((member) => member.stop()));
  rmSync(folder, { recursive: true, force: true });
  authority.remove();
  stranger.remove();
});

function start(self: EtcdPlace, all: readonly EtcdPlace[], flags: readonly string[]): EtcdMember {
  const member = EtcdMember.launch("synod", folder, self, all, flags);
  started.push(member);
  return member;
}

function ctl(address: string, shown: { certFile: string; keyFile: string } | undefined): Etcdctl {
  const own = shown === undefined ? [] : ["--cert", shown.certFile, "--key", shown.keyFile];
  return new Etcdctl([address], ["--cacert", authority.certFile, "--command-timeout", "2s", ...own]);
}

/** As an operator replaces a file: whole. */
function replace(path: string, by: string): void {
  copyFileSync(by, `${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Resolves with whether the other side ended it within its time. */
function cutOff(port: number, bytes: Uint8Array): Promise<number> {
  const began = performance.now();
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  socket.resume().on("error", () => {});
  return new Promise((resolve) => socket.once("close", () => resolve(performance.now() - began)));
}

/** The name in the certificate that new connections are shown. */
function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", ca: [authority.cert], cert: client.cert, key: client.key };
    const socket = connectTls(options, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.once("error", reject);
  });
}

test("with certificates demanded on all ports, three members serve those who have one, until it is revoked", async () => {
  const list = join(folder, "list.pem");
  const cert = join(folder, "server.pem");
  const key = join(folder, "server.key");
  copyFileSync(authority.revoke(), list);
  copyFileSync(server.certFile, cert);
  copyFileSync(server.keyFile, key);
  const files = (prefix: string): string[] => [
    ...[`--${prefix}cert-file=${cert}`, `--${prefix}key-file=${key}`],
    ...[`--${prefix}trusted-ca-file=${authority.certFile}`, `--${prefix}client-cert-auth`],
  ];
  const lists = [`--client-crl-file=${list}`, `--peer-crl-file=${list}`, "--peer-cert-allowed-cn=server"];
  const flags = [...files(""), ...files("peer-"), ...lists];
  const all = await etcdPlaces(3, "https");
  const members = all.map((self) => start(self, all, flags));
  await Promise.all(members.map((member) => member.ready()));
  const [one, two] = all as [EtcdPlace, EtcdPlace, EtcdPlace];
  const [member] = members as [EtcdMember, EtcdMember, EtcdMember];

  assert.equal((await ctl(one.client, client).run(["put", "k", "v"])).output, "OK\n");
  assert.equal((await ctl(two.client, revoked).run(["get", "k"])).output, "k\nv\n");
  assert.equal((await ctl(one.client, undefined).run(["get", "k"])).code, 1, "nobody without a certificate");
  assert.equal((await ctl(one.client, stranger.issue("client")).run(["get", "k"])).code, 1, "nor with another's");

  // Our own command line proves who asks, too.
  const proof = ["--cacert", authority.certFile, "--cert", client.certFile, "--key", client.keyFile];
  const saved = join(folder, "saved.db");
  for (const [verb, says] of [
    [["kv", "get", "k"], /v/],
    [["status"], /leader/],
    [["member", "list"], /infra2/],
    [["snapshot", "save", saved], /saved\.db/],
  ] as const) {
    const run = new Run([...verb, "--endpoints", `127.0.0.1:${one.clientPort}`, ...proof]);
    assert.equal(await run.ended(), 0, run.stderr);
    assert.match(run.stdout, says);
  }

  // GHSA-3wh4-j44w-pg92: the list counts wherever clients come in, and at once.
  replace(list, authority.revoke(revoked));
  await member.said(/the TLS files have changed, and new connections use them/);
  await delay(1500); // the other members look once a second, too
  assert.equal((await ctl(two.client, revoked).run(["get", "k"])).code, 1, "a revoked certificate counts no more");
  assert.equal((await ctl(two.client, client).run(["get", "k"])).output, "k\nv\n");

  // Peers: neither without a certificate, nor with a client's name.
  for (const shown of [{}, { cert: client.cert, key: client.key }, { cert: revoked.cert, key: revoked.key }]) {
    const socket = connectTls({ port: one.peerPort, host: "127.0.0.1", ca: authority.cert, ...shown });
    socket.resume().on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve));
  }

  // Certificates are replaced while all go on; what cannot be used is not.
  const next = authority.issue("next");
  writeFileSync(cert, "nonsense\n");
  await member.said(/the old ones stay in use: .*server\.pem \(--cert-file\) holds no certificate/);
  assert.equal(await shownBy(one.clientPort), "server");
  replace(key, next.keyFile);
  replace(cert, next.certFile);
  while ((await shownBy(one.clientPort)) !== "next") await delay(100);
});

test("a peer that never finishes its handshake is cut off", { timeout: 20_000 }, async () => {
  const [one] = started as [EtcdMember];
  // GHSA-6vch-q96h-7gc3
  const took = await cutOff(one.place.peerPort, Buffer.from([0x16, 0x03, 0x01, 0x02]));
  assert.ok(took > 1000 && took < 10_000, `${took} ms`);
});

test("with certificates that members make by themselves nobody reads along", async () => {
  const all = await etcdPlaces(2, "https");
  const members = all.map((self) =>
    start(self, all, ["--auto-tls", "--peer-auto-tls", "--data-dir", join(folder, "auto", self.name)]),
  );
  await Promise.all(members.map((member) => member.ready()));
  const [one] = all as [EtcdPlace];
  const etcdctl = new Etcdctl([one.client], ["--insecure-skip-tls-verify", "--insecure-transport=false"]);
  assert.equal((await etcdctl.run(["put", "k", "v"])).output, "OK\n");
  for (const kind of ["client", "peer"]) {
    const made = join(folder, "auto", one.name, "fixtures", kind);
    assert.ok(existsSync(join(made, "cert.pem")));
    assert.equal(statSync(join(made, "key.pem")).mode & 0o077, 0, "the key is its owner's alone");
  }
});
