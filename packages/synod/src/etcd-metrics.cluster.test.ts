import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createLogger } from "@synod/runtime/log/logger";
import { freePorts } from "@synod/runtime/testing/ports";
import { parsePeers, portsOf } from "./addresses.ts";
import { type RunningNode, startNode } from "./node.ts";
import { freePortOffset } from "./testing/run.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-prometheus-"));
const host = "127.0.0.1";
let ports = portsOf(1, 0);
let node: RunningNode | undefined;
let prometheus: ChildProcess | undefined;

before(async () => {
  ports = portsOf(1, await freePortOffset(1));
  const peers = parsePeers([`n1=${host}:${ports.peers}`], []);
  const [self] = peers;
  assert.ok(self !== undefined);
  const logger = createLogger({ node: "n1", sink: { write: () => {}, flush: () => {} } });
  const data = join(folder, "n1");
  node = await startNode({ self, peers, cluster: "test", data, host, ports, metrics: "extensive" }, logger);
  await node.ready;
});

after(async () => {
  if (prometheus !== undefined) {
    const gone = once(prometheus, "exit");
    prometheus.kill("SIGTERM");
    await gone;
  }
  await node?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("promtool finds nothing to say against a node's page", async () => {
  const page = await (await fetch(`http://${host}:${ports.store}/metrics`)).text();
  assert.match(page, /^grpc_server_handling_seconds_bucket\{.*grpc_method="Put",le="0.005"\} 0$/m);
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: page, encoding: "utf8" });
  assert.deepEqual([status, stdout, stderr], [0, "", ""]);
});

/** What etcd's alerts ask, each of a healthy node: nothing may come of it. */
const ALERTS: readonly string[] = [
  "etcd_server_has_leader == 0",
  "increase(etcd_server_leader_changes_seen_total[15m]) >= 4",
  "etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes * 100 > 95",
  "histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])) > 60",
  'sum(rate(grpc_server_handled_total{grpc_code=~"Unknown|FailedPrecondition|Unavailable"}[5m])) > 0',
];

test("Prometheus scrapes both ports of a node, and alerts made for etcd stay quiet", { timeout: 25_000 }, async () => {
  const [port] = await freePorts(1);
  const config = join(folder, "prometheus.yml");
  const targets = JSON.stringify([`${host}:${ports.store}`, `${host}:${ports.http}`]);
  const job = `  - job_name: etcd\n    scrape_interval: 1s\n    static_configs: [{ targets: ${targets} }]\n`;
  writeFileSync(config, `scrape_configs:\n${job}`);
  const flags = {
    "config.file": config,
    "storage.tsdb.path": join(folder, "tsdb"),
    "web.listen-address": `${host}:${port}`,
  };
  prometheus = spawn(
    "prometheus",
    Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    { stdio: "ignore" },
  );
  const query = async (text: string): Promise<{ value: [number, string] }[]> => {
    const answer = await fetch(`http://${host}:${port}/api/v1/query?query=${encodeURIComponent(text)}`);
    return ((await answer.json()) as { data: { result: { value: [number, string] }[] } }).data.result;
  };
  const up = 'up{job="etcd"} == 1';
  while ((await query(up).catch(() => [])).length < 2) await delay(200);
  for (const alert of ALERTS) assert.deepEqual(await query(alert), [], alert);
  const leads = await query("etcd_server_is_leader");
  assert.deepEqual(
    leads.map(({ value }) => value[1]),
    ["1", "1"],
  );
});
