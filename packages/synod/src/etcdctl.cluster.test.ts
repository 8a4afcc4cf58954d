/**
 * etcd's own command line says the same of three nodes of Synod as of three nodes of etcd, on the same input.
 * Needs the programs `etcd` and `etcdctl` (Debian: etcd-server, etcd-client).
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Cluster } from "./cluster-test/cluster.ts";
import { Etcdctl, type Said } from "./cluster-test/etcdctl.ts";
import { etcd, synod } from "./cluster-test/programs.ts";

const clusters: Cluster[] = [];
const controls: Etcdctl[] = [];

before(async () => {
  for (const program of [etcd, synod]) {
    const cluster = await Cluster.start(program);
    clusters.push(cluster);
    controls.push(new Etcdctl(cluster.addresses));
  }
});

after(async () => {
  for (const cluster of clusters) await cluster.destroy();
});

/** What may differ between two clusters that were told the same: who they are, where they listen, how they count entries. */
function normal(text: string): string {
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS")
    .replaceAll(/("(?:cluster_id|member_id|ID|leader|lease|ClusterID|MemberID)" ?: ?)\d{6,}/g, "$1ID")
    .replaceAll(/("(?:raft_term|RaftTerm|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse)" ?: ?)\d+/g, "$1N")
    .replaceAll(/"n[123]"/g, "NAME")
    .replaceAll(/"version":"3\.\d+\.\d+"/g, '"version":"3.x"')
    .replaceAll(/\b[0-9a-f]{12,16}\b/g, "HEX")
    .replaceAll(/(took|TTL\(60s\), remaining)\S* ?[\d.]+(ms|µs|s)?/g, "$1 TIME");
}

interface Step {
  readonly args: readonly string[];
  readonly input?: string;
  readonly lines?: number;
}

/** Tells both the same and compares each answer; `$lease` stands for the lease that the test's last grant gave. */
async function same(steps: readonly Step[]): Promise<void> {
  const [expected, actual] = await Promise.all(controls.map((control) => tell(control, steps)));
  for (const [index, step] of steps.entries()) {
    assert.deepEqual(actual?.[index], expected?.[index], `etcdctl ${step.args.join(" ")}`);
  }
}

async function tell(control: Etcdctl, steps: readonly Step[]): Promise<Said[]> {
  const said: Said[] = [];
  let lease = "";
  for (const { args, ...options } of steps) {
    const {
      output,
      error,
      code = null,
    } = await control.run(
      args.map((argument) => argument.replace("$lease", lease)),
      options,
    );
    lease = /^lease ([0-9a-f]+) granted/m.exec(output)?.[1] ?? lease;
    said.push({ output: normal(output), error: error === undefined ? undefined : normal(error), code });
  }
  return said;
}

/** "get --prefix a" → its arguments; no argument here holds a blank. */
function step(line: string, options: Omit<Step, "args"> = {}): Step {
  return { args: line.split(" "), ...options };
}

test("put, get and del, with what they were told before, and in every order", async () => {
  await same([
    step("put a 1"),
    step("put a 2 --prev-kv"),
    step("put b/1 x -w json"),
    step("put b/2 y"),
    step("put b/3 a"),
    step("get a"),
    step("get a -w json"),
    step("get a -w fields"),
    step("get a --rev=2"),
    step("get a --rev=999"),
    step("get nothing -w json"),
    step("get --prefix b"),
    step("get --prefix b --keys-only"),
    step("get --prefix b --limit=2 -w json"),
    step("get --prefix b --sort-by=VALUE --order=DESCEND"),
    step("get --prefix b --count-only -w json"),
    step("get --from-key b/2 --print-value-only"),
    step("get b/1 b/3"),
    step("get a --consistency=s"),
    step("put a --ignore-value --lease=12345"),
    step("put missing --ignore-value"),
    step("del a --prev-kv"),
    step("del a"),
    step("del --prefix b -w json"),
  ]);
});

test("txn takes one branch or the other, as a whole", async () => {
  const transaction = 'value("t") = "1"\n\nput t 2\nget t\nput u 1\n\nget t\nput t 1\n\n';
  await same([
    step("txn", { input: transaction }),
    step("txn", { input: transaction }),
    step("txn -w json", { input: transaction }),
    step("txn -w json", { input: 'mod("t") > "1"\ncreate("new") = "0"\nver("t") != "9"\n\nput new 1\ndel t\n\n\n' }),
    step("txn", { input: "\nput twice 1\nput twice 2\n\n\n" }),
    step("get --prefix t -w json"),
  ]);
});

test("watch tells history from a revision on, also with what was there before", async () => {
  await same([
    step("put w 1"),
    step("put w 2"),
    step("del w"),
    step("put w/child 3"),
    step("watch w --rev=2 --prefix", { lines: 12 }),
    step("watch w --rev=2 --prev-kv", { lines: 13 }),
    step("watch w --rev=2 --prefix -w json", { lines: 1 }),
  ]);
});

test("a lease is granted, told, kept alive and revoked with its keys", async () => {
  await same([
    step("lease grant 60"),
    step("put leased 1 --lease=$lease"),
    step("lease list"),
    step("lease timetolive $lease --keys"),
    step("lease keep-alive --once $lease"),
    step("get leased -w json"),
    step("lease revoke $lease"),
    step("get leased -w json"),
    step("lease timetolive $lease"),
    step("lease revoke $lease"),
    step("lease grant 0"),
  ]);
});

test("a lock is held by one, who runs a command under it", async () => {
  await same([step("lock door echo held"), step("get --prefix door --keys-only")]);
});

test("compaction forgets what it was told to, and says so to who asks for it", async () => {
  await same([
    step("put c 1"),
    step("put c 2"),
    step("compaction 10"),
    step("compaction 10"),
    step("compaction 9999"),
    step("get c --rev=3"),
    step("watch c --rev=3", { lines: 1 }),
    step("get c"),
    step("defrag"),
  ]);
});

test("the cluster tells its members, health and status", async () => {
  await same([
    step("member list -w json"),
    step("endpoint health"),
    step("endpoint status -w json"),
    step("alarm list"),
  ]);
  const [lists] = await Promise.all([Promise.all(controls.map((control) => control.run(["member", "list"])))]);
  for (const list of lists ?? [])
    assert.match(list.output, /^[0-9a-f]+, started, n1, http:\/\/\S+, http:\/\/\S+, false$/m);
});
