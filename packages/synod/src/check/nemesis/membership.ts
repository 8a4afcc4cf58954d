import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.ts";
import { EtcdApi } from "../cluster/etcd-api.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { type Fields, message } from "../cluster/protobuf.ts";
import { type Harm, pick } from "./fault.ts";

const WITHIN_MS = 30_000;
/** Also said to the one whose first answer was lost. It goes on "… which is in sync with leader" where there is more to wait for. */
const ALREADY_VOTER = /can only promote a learner member$/;

interface Member {
  readonly id: bigint;
  readonly peerUrl: string;
}

/** A learner joins, catches up and is promoted, and one of the others is removed for good. */
export const membership: Harm = async (cluster, random) => {
  const id = Math.max(...cluster.nodes.map(({ plan }) => plan.id)) + 1;
  const node = await cluster.newcomer(id);
  const leaving = pick(cluster.nodes, random);
  const peerUrl = `http://127.0.0.1:${node.plan.peerPort}`;
  const leavingId = await memberIdOf(cluster, leaving);
  await insist(cluster, `${node.plan.name} was not added`, async (api) => {
    if ((await members(api))?.some((member) => member.peerUrl === peerUrl)) return true;
    return (await api.call("Cluster/MemberAdd", message([1, peerUrl], [2, true]), () => 0)).type === "ok";
  });
  node.start();
  cluster.add(node);
  return {
    about: `${node.plan.name} joins, ${leaving.plan.name} leaves`,
    heal: async () => {
      const ours = await memberIdOf(cluster, node);
      await insist(cluster, `${node.plan.name} was not promoted`, async (api) => {
        const answer = await api.call("Cluster/MemberPromote", message([1, ours]), () => 0);
        return answer.type === "ok" || (answer.type === "status" && ALREADY_VOTER.test(answer.text));
      });
      await insist(cluster, `${leaving.plan.name} was not removed`, async (api) => {
        if ((await members(api))?.every((member) => member.id !== leavingId)) return true;
        return (await api.call("Cluster/MemberRemove", message([1, leavingId]), () => 0)).type === "ok";
      });
      cluster.remove(leaving);
      await leaving.kill();
    },
  };
};

async function members(api: EtcdApi): Promise<readonly Member[] | undefined> {
  const answer = await api.call("Cluster/MemberList", message([1, true]), (reply) => {
    return reply.messages(2).map((member: Fields) => ({ id: member.unsigned(1), peerUrl: member.text(3) }));
  });
  return answer.type === "ok" ? answer.value : undefined;
}

async function memberIdOf(cluster: Cluster, node: NodeProcess): Promise<bigint> {
  let found = 0n;
  await insist(cluster, `${node.plan.name} did not say which member it is`, async () => {
    found = (await node.status())?.member ?? 0n;
    return found !== 0n;
  });
  return found;
}

/** Asks one node after the other, again and again, until it is done. */
async function insist(cluster: Cluster, otherwise: string, ask: (api: EtcdApi) => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  for (let turn = 0; performance.now() < deadline; turn += 1) {
    const node = cluster.nodes[turn % cluster.nodes.length] as NodeProcess;
    const api = new EtcdApi(node.address, 2000);
    const done = node.exit === undefined && (await ask(api));
    api.close();
    if (done) return;
    await sleep(100);
  }
  throw new Error(`${otherwise} within ${WITHIN_MS / 1000} s`);
}
