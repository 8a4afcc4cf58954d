import { spawnSync } from "node:child_process";
import { CliError } from "../../cli/errors.ts";
import { Cluster } from "../cluster/cluster.ts";
import { EtcdApi } from "../cluster/etcd-api.ts";
import { etcdBehindDoors, synod } from "../cluster/programs.ts";
import type { Place } from "../workload/clients.ts";
import type { Subject } from "./plan.ts";

/** A target that answers. */
export interface OpenTarget {
  /** Of the report: "synod, 3 nodes". */
  readonly name: string;
  readonly places: () => readonly Place[];
  /** Present: it is ours, and may be hurt. */
  readonly cluster: Cluster | undefined;
  /** @param prefix of the keys that were written to it. */
  close(prefix: string): Promise<void>;
}

/** @throws CliError */
export async function openTarget(subject: Subject): Promise<OpenTarget> {
  if (subject.type === "running") return openRunning(subject.places);
  const { program, nodes } = subject;
  if (program === "etcd" && spawnSync("etcd", ["--version"]).error !== undefined)
    throw new CliError("start", "there is no program etcd: install it (Debian: apt install etcd-server)");
  const cluster = await Cluster.start(program === "etcd" ? etcdBehindDoors : synod, nodes).catch((error: Error) => {
    throw new CliError("start", `the cluster did not start: ${error.message}`);
  });
  return {
    name: `${program}, ${nodes} ${nodes === 1 ? "node" : "nodes"}`,
    places: () => cluster.nodes.map(({ plan, address }) => ({ name: plan.name, address })),
    cluster,
    close: () => cluster.destroy(),
  };
}

async function openRunning(places: readonly Place[]): Promise<OpenTarget> {
  for (const { address } of places) {
    const api = new EtcdApi(address, 5000);
    const answer = await api.status();
    api.close();
    if (answer.type === "ok") continue;
    const reason = answer.type === "status" ? answer.text : answer.reason;
    throw new CliError("store", `nothing that speaks etcd's API answers at ${address} (${reason}): check --target`);
  }
  return {
    name: places.map(({ name }) => name).join(","),
    places: () => places,
    cluster: undefined,
    close: async (prefix) => {
      const api = new EtcdApi(places[0]?.address ?? "", 10_000);
      await api.deletePrefix(prefix);
      api.close();
    },
  };
}
