/** A pair of PostgreSQL servers, kept by Debian's Patroni, on three nodes: the primary and the store's leader die together. */
import assert from "node:assert/strict";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@synod/runtime/testing/ports";
import { Cluster } from "./cluster-test/cluster.ts";
import { synod } from "./cluster-test/programs.ts";
import { PatroniNode, postgresUser, type Role, whyNoPatroni } from "./testing/patroni.ts";

async function until<Value>(what: string, within: number, ask: () => Promise<Value | undefined>): Promise<Value> {
  for (const deadline = performance.now() + within; ; await sleep(200)) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
  }
}

const leads = (role: Role | undefined): boolean =>
  /^(master|primary)$/.test(role?.role ?? "") && role?.state === "running";
const follows = (role: Role | undefined): boolean => role?.role === "replica" && role.state === "running";

async function primaryOf(nodes: readonly PatroniNode[]): Promise<PatroniNode | undefined> {
  for (const node of nodes) if (leads(await node.role())) return node;
  return undefined;
}

async function failsOver(cluster: Cluster, pair: readonly PatroniNode[]): Promise<void> {
  for (const node of pair) node.start();
  const primary = await until("a primary", 40_000, () => primaryOf(pair));
  const replica = pair.find((node) => node !== primary)!;
  await until("a replica", 30_000, async () => follows(await replica.role()) || undefined);
  await primary.sql("create table kept (word text)");
  await primary.sql("insert into kept values ('before')");
  await until("replication", 20_000, async () => {
    const words = await replica.sql("select word from kept").catch(() => "");
    return words === "before" || undefined;
  });

  const leader = await cluster.leader();
  const killed = performance.now();
  primary.kill();
  await leader.kill();
  await until("a new primary", 40_000, async () => leads(await replica.role()) || undefined);
  await replica.sql("insert into kept values ('after')");
  const seconds = (performance.now() - killed) / 1000;
  assert.ok(seconds < 30, `a new primary took ${seconds.toFixed(1)} s; a lease has 10`);

  leader.start();
  primary.start();
  await until("the old primary follows", 40_000, async () => follows(await primary.role()) || undefined);
  await until("it has what it missed", 20_000, async () => {
    const words = await primary.sql("select word from kept").catch(() => "");
    return words === "before\nafter" || undefined;
  });
}

const reason = whyNoPatroni();

test("another primary takes over, and the old one comes back as its replica", {
  timeout: 120_000,
  skip: reason ?? false,
}, async () => {
  const user = postgresUser();
  const folder = mkdtempSync(join(tmpdir(), "synod-patroni-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const cluster = await Cluster.start(synod);
  const ports = await freePorts(4);
  const pair = ["pg1", "pg2"].map((name, index) => {
    const [restPort, sqlPort] = ports.slice(2 * index) as [number, number];
    return new PatroniNode({ name, folder, restPort, sqlPort, store: cluster.addresses, user });
  });
  try {
    await failsOver(cluster, pair);
  } catch (error) {
    const logs = pair.map(({ plan, log }) => `--- ${plan.name}\n${log.slice(-3000)}`);
    throw new Error(`${(error as Error).message}\n${logs.join("\n")}\n${cluster.logs(500)}`);
  } finally {
    for (const node of pair) node.kill();
    await cluster.destroy();
    await sleep(500); // PostgreSQL's processes see that theirs is gone
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
