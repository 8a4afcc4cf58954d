/** The verbs of kv where the store knows certificates and users. Needs the program `openssl`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { servers } from "@synod/client/testing/servers";
import { freePorts } from "@synod/runtime/testing/ports";
import { TestAuthority } from "@synod/store/server/testing/certificates";
import { Run } from "../../testing/run.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-kv-security-"));
const authority = new TestAuthority();
const stranger = new TestAuthority();
const server = authority.issue("server");
const client = authority.issue("client");
const unknown = stranger.issue("client");
const noise = join(folder, "noise");
const CA = ["--cacert", authority.certFile];
const proof = [...CA, "--cert", client.certFile, "--key", client.keyFile];
let secure: { node: Run; address: string };

before(async () => {
  writeFileSync(noise, "neither this nor that\n");
  secure = await serve(["--trusted-ca-file", authority.certFile, "--client-cert-auth"]);
});

after(async () => {
  await secure.node.stop();
  rmSync(folder, { recursive: true, force: true });
  authority.remove();
  stranger.remove();
});

async function serve(flags: readonly string[]): Promise<{ node: Run; address: string }> {
  const [store, peers, http] = await freePorts(3);
  const ports = ["--store-port", store, "--peer-port", peers, "--http-port", http].map(String);
  const own = ["--cert-file", server.certFile, "--key-file", server.keyFile];
  const node = new Run([
    "serve",
    "--data",
    join(folder, "n1"),
    "--peers",
    `n1=127.0.0.1:${peers}`,
    ...ports,
    ...own,
    ...flags,
  ]);
  while (!/ready$/m.test(node.stderr)) {
    assert.equal(node.process.exitCode, null, node.stderr);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { node, address: `127.0.0.1:${store}` };
}

async function synod(...args: readonly string[]): Promise<string> {
  const run = new Run(args.includes("--timeout") ? args : [...args, "--timeout", "5000"]);
  const code = await run.ended();
  return code === 0 ? run.stdout : `${code} ${run.stderr.replace("synod: ", "")}`;
}

/** One verb of each kind: over gRPC, as a stream, over HTTP. */
const VERBS = [
  ["kv", "get", "door"],
  ["kv", "watch", "door"],
  ["kv", "quota", "list"],
];

test("with certificates all verbs of kv work, quotas too", async () => {
  const at = ["--endpoints", secure.address, ...proof];
  assert.match(await synod("kv", "put", "door", "open", ...at), /^written/);
  assert.equal(await synod("kv", "get", "door", ...at), "open\n");
  assert.match(await synod("kv", "quota", "set", "app/", "--keys", "1", ...at), /is limited from now on/);
  assert.match(await synod("kv", "quota", "list", ...at), /app\/ +0 of any +0 of 1/);
  assert.match(await synod("kv", "quota", "list", "--endpoints", `https://${secure.address}`, ...proof), /app\//);
});

test("whoever cannot be talked to is named, and so is the flag that is wrong", async () => {
  const plain = await servers.synod();
  try {
    for (const verb of VERBS) {
      const soon = ["--timeout", "300"];
      const at = [...verb, ...soon, "--endpoints", secure.address];
      assert.match(await synod(...at), /^1 127\.0\.0\.1:\d+ speaks TLS: give --cacert, or write https:\/\/\n$/);
      assert.match(await synod(...at, ...CA), /^1 .* wants to know who asks: give --cert and --key\n$/);
      assert.match(
        await synod(...at, ...CA, "--cert", unknown.certFile, "--key", unknown.keyFile),
        /^1 .* does not take the certificate of --cert: give one of an authority that it trusts, not revoked\n$/,
      );
      assert.match(
        await synod(...at, "--cacert", stranger.certFile, ...proof.slice(2)),
        /^1 .* cannot be trusted, its certificate comes from none of the authorities in --cacert: give the right file\n$/,
      );
      assert.match(
        await synod(...verb, ...soon, "--endpoints", plain.endpoint, ...proof),
        /^1 .* speaks without TLS: leave out --cacert, --cert and --key, or https:\/\/\n$/,
      );
    }
  } finally {
    await plain.stop();
  }
});

test("a file that is none is named before anybody is asked", async () => {
  const at = ["--endpoints", "127.0.0.1:1"];
  for (const verb of VERBS) {
    assert.match(await synod(...verb, ...at, "--cacert", noise), /^2 .*noise \(--cacert\) holds no certificate in PEM/);
    assert.match(
      await synod(...verb, ...at, "--cacert", `${noise}.gone`),
      /^2 .*gone \(--cacert\) cannot be read \(ENOENT\)/,
    );
    assert.match(
      await synod(...verb, ...at, "--cert", client.certFile, "--key", unknown.keyFile),
      /^2 the key in .*client\.key does not belong to the certificate in .*client\.crt/,
    );
    assert.match(await synod(...verb, ...at, "--cert", client.certFile), /^2 --cert and --key belong together/);
    assert.match(await synod(...verb, ...at, "--user", "root"), /^2 --user has no password: .* or give --password/);
    assert.match(await synod(...verb, ...at, "--password", "x"), /^2 --password is nobody's: give --user, too/);
  }
});

test("users sign in for all verbs; a wrong one is told so", async () => {
  const plain = await servers.synod();
  const administer = async (path: string, request: object): Promise<void> => {
    const answer = await fetch(`http://${plain.endpoint}/v3/auth/${path}`, {
      method: "POST",
      body: JSON.stringify(request),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  try {
    await administer("user/add", { name: "root", password: "se:cret" });
    await administer("role/add", { name: "root" });
    await administer("user/grant", { user: "root", role: "root" });
    await administer("enable", {});
    const at = ["--endpoints", plain.endpoint];
    assert.match(await synod("kv", "put", "door", "open", ...at, "--user", "root:se:cret"), /^written/);
    assert.match(await synod("kv", "quota", "list", ...at, "--user", "root:se:cret"), /^prefix/);
    assert.match(await synod("kv", "quota", "list", ...at, "--user", "root", "--password", "se:cret"), /^prefix/);
    for (const verb of VERBS) {
      assert.match(await synod(...verb, ...at), /^1 .*user name is empty; sign in as a user who may do this/);
      assert.match(
        await synod(...verb, ...at, "--user", "root:wrong"),
        /^1 .*authentication failed, invalid user ID or password; sign in as a user who may do this/,
      );
    }
  } finally {
    await plain.stop();
  }
});
