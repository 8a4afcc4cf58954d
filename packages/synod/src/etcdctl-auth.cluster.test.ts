/**
 * Users, roles and permissions, told to three nodes of Synod and to three of etcd by etcd's own command line: both say the
 * same. And what no node may write down is looked for in its files.
 * Needs the programs `etcd` and `etcdctl` (Debian: etcd-server, etcd-client).
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster-test/cluster.ts";
import { Etcdctl, type Said } from "./cluster-test/etcdctl.ts";
import { etcd, type Program, synod } from "./cluster-test/programs.ts";

/** A password of the default cost takes a while, and is meant to. */
function cheap(program: Program): Program {
  return {
    ...program,
    command(node, all) {
      const line = program.command(node, all);
      return { ...line, arguments: [...line.arguments, "--bcrypt-cost", "4"] };
    },
  };
}

let theirs: Cluster;
let ours: Cluster;

before(async () => {
  theirs = await Cluster.start(cheap(etcd), 1);
  ours = await Cluster.start(cheap(synod));
});

after(async () => {
  await theirs?.destroy();
  await ours?.destroy();
});

function normal({ output, error, code = null }: Said): Said {
  const same = (text: string): string =>
    text
      .replaceAll(/"(cluster_id|member_id|raft_term)":\d+/g, '"$1":N')
      .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS")
      .replaceAll(/lease [0-9a-f]{11,16}/g, "lease HEX")
      .replaceAll(/took = .*/g, "took = TIME");
  return { output: same(output), error: error === undefined ? undefined : same(error), code };
}

async function tell(cluster: Cluster, lines: readonly string[]): Promise<Said[]> {
  const control = new Etcdctl(cluster.addresses);
  const said: Said[] = [];
  for (const line of lines) said.push(normal(await control.run(line.split(" "))));
  return said;
}

async function same(lines: readonly string[]): Promise<void> {
  const [expected, actual] = await Promise.all([tell(theirs, lines), tell(ours, lines)]);
  for (const [index, line] of lines.entries()) assert.deepEqual(actual[index], expected[index], `etcdctl ${line}`);
}

const ROOT = "--user root:rootpw";
const ALICE = "--user alice:wonderland";

test("users and roles are made, shown, changed and refused", async () => {
  await same([
    "user add alice:wonderland -w json",
    "user add alice:again",
    "user add bob --no-password",
    "user get nobody",
    "user list -w json",
    "user delete nobody",
    "role add r -w json",
    "role add r",
    "role grant-permission r read a b",
    "role grant-permission r readwrite p --prefix",
    "role grant-permission r write k --from-key",
    "role grant-permission nothing read a",
    "role get r -w json",
    "role get r",
    "role get nothing",
    "user grant-role alice r -w json",
    "user grant-role alice r",
    "user grant-role alice nothing",
    "user grant-role nobody r",
    "user get alice --detail",
    "user revoke-role alice nothing",
    "role revoke-permission r zz",
    "role revoke-permission nothing a",
    "role revoke-permission r a b",
    "role delete nothing",
    "role list",
  ]);
});

test("authentication is switched on, and everybody may do what they may", async () => {
  await same([
    "auth enable",
    "user add root:rootpw",
    "auth enable",
    "user list",
    "auth enable",
    "get p",
    "put p x",
    `${ROOT} put p x`,
    `${ROOT} put a 1`,
    "--user root:wrong get p",
    "--user nobody:x get p",
    `${ALICE} get p`,
    `${ALICE} put p/1 y`,
    `${ALICE} get p --prefix`,
    `${ALICE} get p --from-key`,
    `${ALICE} get a`,
    `${ALICE} put zz 1`,
    `${ALICE} del zz --prev-kv`,
    `${ALICE} del p/1 --prev-kv`,
    `${ALICE} user get alice`,
    `${ALICE} user get root`,
    `${ALICE} role get r`,
    `${ALICE} role get root`,
    `${ALICE} user list`,
    `${ALICE} role list`,
    `${ALICE} auth disable`,
    `${ALICE} member add x --peer-urls=http://127.0.0.1:1`,
    `${ALICE} lease grant 100`,
    `${ROOT} user delete root`,
    `${ROOT} user revoke-role root root`,
    `${ROOT} role delete root`,
    `${ROOT} auth enable`,
  ]);
});

test("what is granted and taken counts at once, on every member", async () => {
  await same([
    `${ROOT} role grant-permission r read a`,
    `${ALICE} get a`,
    `${ROOT} role revoke-permission r a`,
    `${ALICE} get a`,
    `${ROOT} user revoke-role alice r`,
    `${ALICE} get p`,
    `${ROOT} user delete alice`,
    `${ALICE} get p`,
    `${ROOT} user add alice:other`,
    `${ALICE} get p`,
  ]);
});

test("a token that one member has given is good at every other at once", async () => {
  const post = async (address: string, path: string, body: unknown, token = ""): Promise<Record<string, unknown>> => {
    const headers = { authorization: token, connection: "close" };
    const reply = await fetch(`http://${address}/v3/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return (await reply.json()) as Record<string, unknown>;
  };
  for (const giving of ours.addresses) {
    const { token } = await post(giving, "auth/authenticate", { name: "root", password: "rootpw" });
    assert.match(String(token), /^[A-Za-z]{16}\.\d+$/);
    const others = ours.addresses.filter((address) => address !== giving);
    // Serializable: answered by the member's own state, so nothing but the token can have made it wait.
    const read = { key: btoa("a"), serializable: true };
    const replies = await Promise.all(others.map((address) => post(address, "kv/range", read, String(token))));
    for (const reply of replies) assert.equal(reply.count, "1", JSON.stringify(reply));
  }
});

test("a node that was killed knows its users again; no node has written a password down (CVE-2021-28235)", async () => {
  const first = ours.node(1);
  await first.kill();
  first.start();
  const deadline = performance.now() + 15_000;
  while ((await first.status()) === undefined) {
    assert.ok(performance.now() < deadline, ours.logs());
    await sleep(20);
  }
  await same([`${ROOT} get a`, "get a", "--user alice:other get a"]);
  let read = 0;
  for (const { name, bytes } of filesOf(ours.folder)) {
    read += bytes.length;
    for (const password of ["wonderland", "rootpw"]) {
      assert.equal(bytes.includes(password), false, `${password} stands in ${name}`);
    }
  }
  assert.ok(read > 1000, "there was something to read");
  assert.ok(
    filesOf(ours.folder).some(({ bytes }) => bytes.includes("$2b$04$")),
    "the hashes are where the passwords would be",
  );
});

test("authentication is switched off, by root", async () => {
  await same([`${ROOT} auth disable`, "get a", "user list", "auth disable", `${ROOT} get a`]);
});

function filesOf(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((name) => ({ name, bytes: readFileSync(name) }));
}
