import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { EtcdMember, type EtcdPlace, etcdPlaces } from "./cluster-test/etcd-member.ts";
import { Etcdctl } from "./cluster-test/etcdctl.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-etcd-"));
const started: EtcdMember[] = [];
const NOWHERE: EtcdPlace = { name: "default", client: "", peer: "", clientPort: 0, peerPort: 0 };

after(async () => {
  await Promise.all(started.map((member) => member.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function launch(
  program: "etcd" | "synod",
  self: EtcdPlace,
  all: readonly EtcdPlace[],
  flags: string[] = [],
): EtcdMember {
  return keep(EtcdMember.launch(program, folder, self, all, flags));
}

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): EtcdMember {
  return keep(new EtcdMember("synod", NOWHERE, folder, args, environment));
}

function keep(member: EtcdMember): EtcdMember {
  started.push(member);
  return member;
}

test("a launch script made for etcd starts a cluster, a member is added, and all of them start again", async () => {
  const all = await etcdPlaces(4);
  const first = all.slice(0, 3);
  const members = first.map((self) => launch("synod", self, first));
  await Promise.all(members.map((member) => member.ready()));
  const etcdctl = new Etcdctl(first.map(({ client }) => client));
  assert.equal((await etcdctl.run(["put", "k", "v"])).output, "OK\n");

  const [, , , fourth] = all as [EtcdPlace, EtcdPlace, EtcdPlace, EtcdPlace];
  const added = await etcdctl.run(["member", "add", fourth.name, `--peer-urls=${fourth.peer}`]);
  assert.match(added.output, /^Member +[0-9a-f]{1,16} added to cluster/);
  assert.ok(added.output.includes(`ETCD_NAME="${fourth.name}"`), added.output);
  const joined = launch("synod", fourth, all, ["--initial-cluster-state=existing"]);
  await joined.ready();
  const own = new Etcdctl([fourth.client]);
  assert.equal((await own.run(["get", "k"])).output, "k\nv\n");
  assert.equal((await own.run(["member", "list"])).output.match(/started/g)?.length, 4);

  for (const member of [...members, joined]) assert.equal(await member.stop(), 0);
  // As before, and what was `new` then does not count any more.
  const again = all.map((self) => launch("synod", self, all));
  await Promise.all(again.map((member) => member.ready()));
  assert.equal((await own.run(["get", "k"])).output, "k\nv\n");
  await Promise.all(again.map((member) => member.stop()));
});

test("cluster and members have the ids that etcd gives them", async () => {
  const all = (await etcdPlaces(2)).slice(0, 1);
  const ids: string[] = [];
  for (const program of ["etcd", "synod"] as const) {
    const [self] = all as [EtcdPlace];
    const member = launch(program, self, all, ["--data-dir", join(folder, "ids", program)]);
    await member.ready();
    ids.push(
      (await new Etcdctl([self.client]).run(["member", "list", "-w", "json"])).output.replace(/"raft_term":\d+/, ""),
    );
    await member.stop();
  }
  assert.equal(ids[1], ids[0]);
});

test("the environment counts after flags, and a file counts alone", async () => {
  const [one, two] = (await etcdPlaces(2)) as [EtcdPlace, EtcdPlace];
  const environment = {
    ETCD_NAME: one.name,
    ETCD_DATA_DIR: join(folder, "environment"),
    ETCD_LISTEN_CLIENT_URLS: `${one.client},${two.client}`,
    ETCD_ADVERTISE_CLIENT_URLS: one.client,
    ETCD_LISTEN_PEER_URLS: two.peer,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: one.peer,
    ETCD_SNAPSHOT_COUNT: "5000",
    ETCD_UNKNOWN: "1",
  };
  const member = run(["--listen-peer-urls", one.peer], environment);
  await member.ready();
  assert.match(member.log, /--snapshot-count does nothing here: /);
  assert.match(member.log, /ETCD_UNKNOWN is no setting/);
  // Both of its addresses answer.
  for (const url of [one.client, two.client]) assert.equal((await fetch(`${url}/health`)).status, 200);
  await member.stop();

  const file = join(folder, "etcd.yml");
  const lines = {
    name: one.name,
    "data-dir": join(folder, "file"),
    "listen-client-urls": two.client,
    "advertise-client-urls": two.client,
    "listen-peer-urls": two.peer,
    "initial-advertise-peer-urls": two.peer,
    "initial-cluster": `${one.name}=${two.peer}`,
  };
  writeFileSync(
    file,
    Object.entries(lines)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(""),
  );
  const configured = run(["--config-file", file, "--name", "other"], environment);
  await configured.ready();
  assert.match(configured.log, /counts alone/);
  assert.match((await new Etcdctl([two.client]).run(["member", "list"])).output, /, infra0, /);
  await configured.stop();
});

const REFUSED: readonly (readonly [args: readonly string[], says: RegExp, code: number])[] = [
  [["--nonsense"], /flag provided but not defined: -nonsense/, 2],
  [["nonsense"], /'nonsense' is not a valid flag/, 2],
  [["--election-timeout", "soon"], /--election-timeout is "soon": give a whole number/, 2],
  [["--election-timeout", "200"], /should be at least as 5 times as/, 2],
  [["--listen-client-urls", "unix://x:1", "--advertise-client-urls", "http://a:1"], /listens on TCP alone/, 2],
  [["--listen-client-urls", "http://127.0.0.1:1"], /--advertise-client-urls is required/, 2],
  [["--host-whitelist", "a.example"], /--host-whitelist is not there/, 2],
  [["--listen-metrics-urls", "https://127.0.0.1:1"], /metrics and probes are served there without TLS/, 2],
  [["--initial-cluster", "other=http://127.0.0.1:1"], /couldn't find local name "default"/, 2],
  [["--config-file", "/nowhere.yml"], /\/nowhere\.yml cannot be read/, 2],
  [["--force-new-cluster"], /not possible here/, 2],
];

test("what cannot be is said in one sentence", { timeout: 30_000 }, async () => {
  for (const [args, says, code] of REFUSED) {
    const member = run(args);
    assert.equal(await member.ended(), code, args.join(" "));
    assert.match(member.log, says);
    assert.equal(member.log.trim().split("\n").length, 1, member.log);
  }
});
