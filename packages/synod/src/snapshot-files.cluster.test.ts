/**
 * Data move between etcd and Synod and back in snapshot files, and nothing of it is lost on the way.
 * Needs the programs `etcd` and `etcdctl` (Debian: etcd-server, etcd-client).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { freePorts } from "@synod/runtime/testing/ports";
import { Cluster } from "./cluster-test/cluster.ts";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { Etcdctl } from "./cluster-test/etcdctl.ts";
import { NodeProcess } from "./cluster-test/node-process.ts";
import { etcd, type NodePlan, synod } from "./cluster-test/programs.ts";
import { freePortOffset, Run } from "./testing/run.ts";

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "synod-snapshot-"));
const TIMEOUT = { timeout: 60_000 };

const toEnd: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of toEnd.reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runSynod(...args: string[]): Promise<Ended> {
  const run = new Run(args, { folder });
  const code = await run.ended();
  return { code, stdout: run.stdout, stderr: run.stderr };
}

/** What a store holds, as etcdctl tells it, without who the store is. */
async function contents(address: string, revision = 0): Promise<unknown> {
  const control = new Etcdctl([address]);
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const said = await control.run([...args, "-w", "json"]);
    assert.equal(said.error, undefined, `${args.join(" ")} at ${address}`);
    return JSON.parse(said.output) as Record<string, unknown>;
  };
  const range = await json("get", "", "--prefix", ...(revision > 0 ? ["--rev", String(revision)] : []));
  const hash = (await json("endpoint", "hashkv")) as unknown as {
    HashKV: { hash: number; compact_revision: number };
  }[];
  const leases = await json("lease", "list");
  return { revision: revisionIn(range), kvs: range.kvs, hash: hash[0]?.HashKV, leases: leases.leases };
}

function revisionIn(answer: Record<string, unknown>): number {
  return (answer.header as { revision: number }).revision;
}

/** Takes away what says who the answering store is. */
function anonymous(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "header" ? undefined : inner)));
}

/** Some history: overwritten, deleted, leased and large values, a compaction with something left to compact. */
async function fill(address: string): Promise<void> {
  const control = new Etcdctl([address]);
  const api = new EtcdApi(address, 5_000);
  await api.leaseGrant(0x77, 9_000);
  for (let i = 0; i < 400; i += 1) await api.put(`often/${i % 7}`, `value ${i}`);
  await api.put("large", "L".repeat(50_000));
  await api.put("leased", "x", 0x77);
  const txn = await control.run(["txn"], { input: "\n\nput t1 a\nput t2 b\nput t3 c\n\n\n" });
  assert.equal(txn.error, undefined);
  await control.run(["del", "often/3"]);
  await control.run(["compact", "300", "--physical"]);
  for (let i = 0; i < 60; i += 1) await api.put(`late/${i}`, "v");
  for (const args of [
    ["role", "add", "reader"],
    ["role", "grant-permission", "reader", "read", "--prefix=true", "often/"],
    ["user", "add", "mia:secret"],
    ["user", "grant-role", "mia", "reader"],
  ]) {
    assert.equal((await control.run(args)).error, undefined, args.join(" "));
  }
  api.close();
}

async function start(program: typeof etcd, data: string, cluster = "cluster-test"): Promise<NodeProcess> {
  const [clientPort, peerPort, httpPort] = (await freePorts(3)) as [number, number, number];
  const peerPorts = new Map([[1, peerPort]]);
  const plan: NodePlan = { id: 1, name: "n1", folder: data, clientPort, peerPort, httpPort, peerPorts };
  const command = program.command(plan, [plan]);
  const args = command.arguments.map((argument) => (argument === "cluster-test" ? cluster : argument));
  const node = new NodeProcess(plan, { file: command.file, arguments: args });
  node.start();
  toEnd.push(() => node.kill());
  const api = new EtcdApi(node.address, 1_000);
  const deadline = performance.now() + 20_000;
  while ((await api.get("ready?")).type !== "ok") assert.ok(performance.now() < deadline && !node.exit, node.log);
  api.close();
  return node;
}

async function oneOf(program: typeof etcd): Promise<string> {
  const cluster = await Cluster.start(program, 1);
  toEnd.push(() => cluster.destroy());
  return cluster.addresses[0]!;
}

test("a snapshot of Synod becomes an etcd that holds the same", TIMEOUT, async () => {
  const address = await oneOf(synod);
  await fill(address);
  const file = join(folder, "ours.db");
  assert.equal((await new Etcdctl([address]).run(["snapshot", "save", file])).error, undefined);
  const { stdout } = await execute("etcdctl", ["snapshot", "status", file, "-w", "json"]);
  const { hash, revision, totalKey, totalSize } = JSON.parse(
    (await runSynod("snapshot", "status", file, "--json")).stdout,
  );
  assert.deepEqual({ hash, revision, totalKey, totalSize }, JSON.parse(stdout), "both say the same of the file");
  const data = join(folder, "etcd");
  await execute("etcdctl", ["snapshot", "restore", file, "--data-dir", data]);
  const node = await start(etcd, data);
  assert.deepEqual(anonymous(await contents(node.address)), anonymous(await contents(address)));
  assert.deepEqual(anonymous(await contents(node.address, 310)), anonymous(await contents(address, 310)));
  const role = await new Etcdctl([node.address]).run(["role", "get", "reader"]);
  assert.match(role.output, /often\/, often0\)/);
});

test("a snapshot of etcd becomes a Synod that holds the same", TIMEOUT, async () => {
  const address = await oneOf(etcd);
  await fill(address);
  assert.equal((await runSynod("snapshot", "save", "etcd.db", "--endpoints", address)).code, 0);
  const restoring = ["snapshot", "restore", "etcd.db", "--data", "same", "--cluster", "same"];
  const restored = await runSynod(...restoring, "--bump-revision", "0", "--keep-past");
  assert.match(
    restored.stdout,
    /^restored \d+ keys, 1 leases, 1 users, 1 roles at revision \d+ as cluster same in same$/m,
  );
  const node = await start(synod, join(folder, "same"), "same");
  assert.deepEqual(anonymous(await contents(node.address)), anonymous(await contents(address)));
  assert.deepEqual(anonymous(await contents(node.address, 310)), anonymous(await contents(address, 310)));
  const lease = await new Etcdctl([node.address]).run(["lease", "timetolive", "77", "--keys"]);
  assert.match(lease.output, /granted with TTL\(9000s\), remaining\((?:9000|89\d\d)s\), attached keys\(\[leased\]\)/);
  const ours = await new Etcdctl([node.address]).run(["user", "get", "mia"]);
  assert.equal(ours.output, (await new Etcdctl([address]).run(["user", "get", "mia"])).output);
});

test("where authentication is on, root saves and nobody else", TIMEOUT, async () => {
  const address = await oneOf(synod);
  const control = new Etcdctl([address]);
  for (const args of [
    ["user", "add", "root:secret"],
    ["user", "grant-role", "root", "root"],
    ["user", "add", "mia:word"],
    ["auth", "enable"],
  ]) {
    assert.equal((await control.run(args)).error, undefined, args.join(" "));
  }
  const save = (...user: string[]): Promise<Ended> =>
    runSynod("snapshot", "save", "guarded.db", "--endpoints", address, ...user);
  assert.match((await save()).stderr, /user name is empty/);
  assert.match((await save("--user", "mia:word")).stderr, /permission denied/);
  assert.match((await save("--user", "root:wrong")).stderr, /invalid user ID or password/);
  assert.equal((await save("--user", "root:secret")).code, 0);
  const restored = await runSynod("snapshot", "restore", "guarded.db", "--data", "guarded", "--cluster", "guarded");
  assert.match(restored.stdout, /2 users, 0 roles/);
});

test("three nodes begin with a snapshot; a watch of the past is told that it is over", TIMEOUT, async () => {
  const address = await oneOf(synod);
  const api = new EtcdApi(address, 5_000);
  for (let i = 0; i < 20; i += 1) await api.put(`k${i % 5}`, `value ${i}`);
  assert.equal((await runSynod("snapshot", "save", "three.db", "--endpoints", address)).code, 0);
  const offset = String(await freePortOffset(3));
  const where = ["--nodes", "3", "--data", "three", "--port-offset", offset];
  const restored = JSON.parse((await runSynod("snapshot", "restore", "three.db", "--json", ...where)).stdout);
  assert.deepEqual([restored.keys, restored.revision, restored.compactedRevision], [5, 1_000_000_021, 1_000_000_021]);
  const up = new Run(["up", "--json", ...where], { folder });
  toEnd.push(async () => void (await up.stop()));
  const { nodes } = JSON.parse((await up.until(/^\{"event":"ready".*$/m))[0]) as { nodes: { store: string }[] };
  const control = new Etcdctl(nodes.map(({ store }) => store));
  assert.match((await control.run(["watch", "k1", "--rev", "15"])).error ?? "", /watch is canceled by the server/);
  assert.equal((await control.run(["get", "k4", "--print-value-only"])).output, "value 19\n");
  const hashes = JSON.parse((await control.run(["endpoint", "hashkv", "-w", "json"])).output) as {
    HashKV: { hash: number; header: { cluster_id: number } };
  }[];
  assert.equal(new Set(hashes.map(({ HashKV }) => HashKV.hash)).size, 1);
  const old = JSON.parse((await new Etcdctl([address]).run(["endpoint", "hashkv", "-w", "json"])).output);
  assert.notEqual(hashes[0]?.HashKV.header.cluster_id, old[0].HashKV.header.cluster_id);
  api.close();
});

test("what the documentation shows is what happens", TIMEOUT, async () => {
  const address = await oneOf(synod);
  const api = new EtcdApi(address, 5_000);
  for (let i = 0; i < 20; i += 1) await api.put(`k${i % 5}`, `value ${i}`);
  api.close();
  const text = readFileSync(join(import.meta.dirname, "../../../docs/store.md"), "utf8");
  const section = /^## Snapshots, in and out$(.*?)^## /ms.exec(text)?.[1] ?? "";
  const shown = [...section.matchAll(/^\$ synod (.*)\n((?:(?!\$|```).*\n)*)/gm)];
  assert.equal(shown.length, 4);
  for (const [, command = "", output = ""] of shown) {
    const run = new Run(command.split(" "), { folder, environment: { SYNOD_ENDPOINTS: address } });
    assert.equal(await run.ended(), 0, run.stderr);
    const pattern = output
      .split("…")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/ +/g, " +"));
    assert.match(run.stdout, new RegExp(`^${pattern.join(".*?")}$`), command);
  }
});

test("what cannot be restored is named in one sentence", TIMEOUT, async () => {
  const address = await oneOf(synod);
  assert.equal((await runSynod("snapshot", "save", "good.db", "--endpoints", address)).code, 0);
  const file = (name: string): string => join(folder, name);
  for (const name of ["flipped.db", "short.db", "bare.db"]) copyFileSync(file("good.db"), file(name));
  const bytes = readFileSync(file("good.db"));
  bytes[5_000] = bytes[5_000]! ^ 1;
  writeFileSync(file("flipped.db"), bytes);
  truncateSync(file("short.db"), bytes.length - 4_000);
  truncateSync(file("bare.db"), bytes.length - 32);
  writeFileSync(file("text.db"), "no snapshot at all");
  mkdirSync(file("full"));
  writeFileSync(join(folder, "full", "something"), "");
  const sentence = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await runSynod("snapshot", ...args);
    assert.equal(code, 1, args.join(" "));
    assert.match(stderr, /^synod: [^\n]+\n$/);
    return stderr;
  };
  assert.match(await sentence("status", "flipped.db"), /flipped\.db is not what was saved: its SHA-256 is another/);
  assert.match(await sentence("status", "short.db"), /short\.db is no snapshot, or was cut short/);
  assert.match(await sentence("restore", "bare.db"), /does not end in a checksum: .* pass --skip-hash-check/);
  assert.match(await sentence("status", "text.db", "--skip-hash-check"), /it is not a bbolt file/);
  assert.match(await sentence("status", "nowhere.db"), /nowhere\.db cannot be read \(ENOENT\)/);
  assert.match(await sentence("restore", "good.db", "--data", "full"), /the folder full is not empty: choose another/);
  const sameName = ["--data", "again", "--cluster", "cluster-test"];
  assert.match(await sentence("restore", "good.db", ...sameName), /give the new one another name by --cluster/);
  const nobody = ["save", "none.db", "--endpoints", "127.0.0.1:1"];
  assert.match(await sentence(...nobody), /no snapshot could be fetched \(127\.0\.0\.1:1: no connection/);
  assert.equal((await runSynod("snapshot", "status", "bare.db", "--skip-hash-check")).code, 0);
});
