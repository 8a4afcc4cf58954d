/** Members come, are promoted and go while clients write: nothing acknowledged is lost, and nobody is left in doubt. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@synod/runtime/testing/ports";
import { Cluster } from "./cluster-test/cluster.ts";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { Etcdctl } from "./cluster-test/etcdctl.ts";
import { assertLinearizable } from "./cluster-test/judge.ts";
import { TIMEOUT } from "./cluster-test/judged.ts";
import { NodeProcess } from "./cluster-test/node-process.ts";
import { synod } from "./cluster-test/programs.ts";
import { Workload } from "./cluster-test/workload.ts";
import { freePortOffset, Run } from "./testing/run.ts";

/** A node that is to join, and the URL by which its place is made. */
async function newcomer(cluster: Cluster, id: number): Promise<{ node: NodeProcess; peerUrl: string }> {
  const [clientPort, peerPort, httpPort] = (await freePorts(3)) as [number, number, number];
  const name = `n${id}`;
  const plan = { id, name, folder: `${cluster.folder}/${name}`, clientPort, peerPort, httpPort, peerPorts: new Map() };
  const { file, arguments: given } = synod.command(cluster.node(1).plan, []);
  const settings = {
    name,
    data: plan.folder,
    join: cluster.addresses.join(","),
    "store-port": clientPort,
    "peer-port": peerPort,
    "http-port": httpPort,
  };
  const flags = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const node = new NodeProcess(plan, { file, arguments: [...given.slice(0, given.indexOf("serve") + 1), ...flags] });
  return { node, peerUrl: `http://127.0.0.1:${peerPort}` };
}

/** Says it again until it is done: a learner has to catch up, and a cluster to have a leader. */
async function insist(control: Etcdctl, args: readonly string[], withinMs = 20_000): Promise<string> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const { output, error } = await control.run(args);
    if (error === undefined) return output;
    assert.ok(performance.now() < deadline, `etcdctl ${args.join(" ")}: ${error}`);
    await sleep(100);
  }
}

async function until(condition: () => boolean | Promise<boolean>, what: string, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited in vain until ${what}`);
    await sleep(20);
  }
}

/** id, status, name, peers, clients, learner: as `etcdctl member list` prints them. */
async function list(control: Etcdctl): Promise<string[][]> {
  const output = await insist(control, ["member", "list"]);
  return output
    .trim()
    .split("\n")
    .map((line) => line.split(", "));
}

test(
  "a learner joins under load and is promoted, the old leader is removed: every write is kept",
  TIMEOUT,
  async (t) => {
    const cluster = await Cluster.start(synod);
    const workload = Workload.start(cluster.addresses, { clients: 4 });
    const { node: fourth, peerUrl } = await newcomer(cluster, 4);
    const leader = await cluster.leader();
    const others = cluster.nodes.filter((node) => node !== leader);
    const control = new Etcdctl(others.map((node) => node.address));
    try {
      await workload.answered(100);
      const added = await insist(control, ["member", "add", "n4", "--learner", `--peer-urls=${peerUrl}`]);
      assert.match(added, /^Member +[0-9a-f]+ added to cluster +[0-9a-f]+\n\nETCD_NAME="n4"\nETCD_INITIAL_CLUSTER="/);
      assert.match(added, /ETCD_INITIAL_CLUSTER_STATE="existing"/);
      fourth.start();
      await until(() => / ready$/m.test(fourth.log), "n4 is ready");
      const api = new EtcdApi(fourth.address, 2000);
      assert.equal((await api.get("judged/0", true)).type, "ok", "a learner serves what it has");
      assert.match(JSON.stringify(await api.get("judged/0")), /rpc not supported for learner/);

      const [id = ""] = (await list(control)).find(([, , name]) => name === "n4") ?? [];
      await insist(control, ["member", "promote", id]);
      assert.equal((await api.put("by n4", "as a voter")).type, "ok");
      const [old = ""] = (await list(control)).find(([, , name]) => name === leader.plan.name) ?? [];
      const start = Workload.now();
      await insist(control, ["member", "remove", old]);
      await until(() => leader.exit !== undefined, "the removed node ends");
      assert.match(leader.log, /this node was removed from the cluster/);
      t.diagnostic(`no write was answered for ${Math.round((await workload.servedAgain(start, 20_000)) / 1000)} ms`);
      leader.start();
      await until(() => leader.exit !== undefined, "it ends again");
      assert.match(leader.log, /permanently removed from the cluster/);

      const history = await workload.finish();
      assertLinearizable(history);
      const lists = await Promise.all([fourth, ...others].map((node) => list(new Etcdctl([node.address]))));
      assert.deepEqual(lists[0]?.map(([, status, name]) => `${status} ${name}`).sort(), [
        ...["started n4", ...others.map(({ plan }) => `started ${plan.name}`)].sort(),
      ]);
      for (const other of lists.slice(1)) assert.deepEqual(other, lists[0]);
      api.close();
    } catch (error) {
      t.diagnostic(`${cluster.logs()}\n${fourth.log}`);
      throw error;
    } finally {
      await fourth.kill();
      await cluster.destroy();
      await workload.stop();
    }
  },
);

test("the leader is killed in the middle of a change: it is done once, or not at all", TIMEOUT, async (t) => {
  const cluster = await Cluster.start(synod);
  const { node: fourth, peerUrl } = await newcomer(cluster, 4);
  try {
    for (const round of [1, 2]) {
      const leader = await cluster.leader();
      const others = cluster.nodes.filter((node) => node !== leader);
      const control = new Etcdctl(others.map((node) => node.address));
      const asked = control.run(["member", "add", "n4", "--learner", `--peer-urls=${peerUrl}`]);
      await sleep(round * 40);
      await leader.kill();
      const { error } = await asked;
      t.diagnostic(`round ${round}: ${error ?? "added"}`);
      leader.start();
      await cluster.ready();
      const places = (await list(control)).filter(([, status]) => status === "unstarted");
      assert.ok(places.length <= 1, JSON.stringify(places));
      if (error === undefined) assert.equal(places.length, 1);
      for (const [id = ""] of places) await insist(control, ["member", "remove", id]);
    }
    const control = new Etcdctl(cluster.addresses);
    await insist(control, ["member", "add", "n4", "--learner", `--peer-urls=${peerUrl}`]);
    fourth.start();
    await until(() => / ready$/m.test(fourth.log), "n4 is ready");
    await Promise.all([...cluster.nodes, fourth].map((node) => node.kill()));
    for (const node of [...cluster.nodes, fourth]) node.start();
    await cluster.ready();
    const [id = ""] = (await list(control)).find(([, , name]) => name === "n4") ?? [];
    await insist(control, ["member", "promote", id]);
    const api = new EtcdApi(fourth.address, 5000);
    assert.equal((await api.put("after", "all of that")).type, "ok");
    api.close();
  } catch (error) {
    t.diagnostic(`${cluster.logs()}\n${fourth.log}`);
    throw error;
  } finally {
    await fourth.kill();
    await cluster.destroy();
  }
});

test("who may not join is told why in one sentence, and our own command does what etcdctl does", TIMEOUT, async () => {
  const cluster = await Cluster.start(synod);
  try {
    const [storePort, peerPort, httpPort] = (await freePorts(3)) as [number, number, number];
    const ports = ["--store-port", storePort, "--peer-port", peerPort, "--http-port", httpPort].map(String);
    const joinBy = async (...args: string[]): Promise<string> => {
      const run = new Run(["serve", "--name", "n5", "--data", `${cluster.folder}/n5`, ...ports, ...args]);
      assert.equal(await run.ended(), 1);
      return run.stderr;
    };
    const member = `127.0.0.1:${cluster.node(1).plan.peerPort}`;
    assert.match(
      await joinBy("--join", member),
      /has no member at http:\/\/127\.0\.0\.1:\d+: add it first \(synod member/,
    );
    assert.match(
      await joinBy("--join", member, "--cluster", "other"),
      /belongs to the cluster cluster-test, not to other/,
    );
    assert.match(await joinBy("--join", `127.0.0.1:${httpPort}`), /no member of a cluster answers at .*ECONNREFUSED/);
    const endpoints = ["--endpoints", cluster.addresses.join(",")];
    const synodMember = async (...args: string[]): Promise<Run> => {
      const run = new Run(["member", ...args, ...endpoints]);
      await run.ended();
      return run;
    };
    const added = await synodMember("add", "n5", "--learner", "--peer-urls", `http://127.0.0.1:${peerPort}`);
    assert.match(
      added.stdout,
      /is the place of n5, a learner. Start it there:\n {2}synod serve --name n5 /,
      added.stderr,
    );
    assert.match(
      await joinBy("--join", member, "--name", "n2"),
      /has a member n2 already, at \S+: choose another --name/,
    );
    const told = JSON.parse((await synodMember("list", "--json")).stdout) as {
      members: { id: string; name: string }[];
    };
    const id = told.members.find(({ name }) => name === "")?.id ?? "";
    assert.match((await synodMember("list")).stdout, new RegExp(`${id} +not started +learner`));
    assert.match((await synodMember("promote", id)).stderr, /^synod: .*which is in sync with leader/);
    assert.match((await synodMember("update", "n9", "--peer-urls", "http://a:1")).stderr, /there is no member n9: see/);
    assert.match((await synodMember("update", id, "--peer-urls", "http://127.0.0.1:1")).stdout, /is reached at http/);
    assert.match((await synodMember("remove", id)).stdout, /is no member any more/);
    assert.equal((await list(new Etcdctl(cluster.addresses))).length, 3);
  } finally {
    await cluster.destroy();
  }
});

test(
  "a cluster of synod up knows its members by the same list, and finds it again at the next start",
  TIMEOUT,
  async () => {
    const data = mkdtempSync(join(tmpdir(), "synod-members-"));
    const offset = String(await freePortOffset(2));
    const up = async (): Promise<Run> => {
      const run = new Run(["up", "--nodes", "2", "--data", data, "--port-offset", offset]);
      await run.until(/ready in/);
      return run;
    };
    const members = async (): Promise<string> => {
      const run = new Run(["member", "list", "--json", "--port-offset", offset]);
      assert.equal(await run.ended(), 0, run.stderr);
      return run.stdout;
    };
    try {
      const first = await up();
      const before = await members();
      assert.match(before, /"name":"n1","peerUrls":\["http:\/\/127\.0\.0\.1:\d+"\]/);
      await first.stop();
      assert.match(readFileSync(join(data, "n2", "members.json"), "utf8"), /"name": "n1"/);
      const second = await up();
      assert.equal(await members(), before);
      await second.stop();
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  },
);
