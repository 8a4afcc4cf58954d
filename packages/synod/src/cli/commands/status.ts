import type { Member, NodeStatus } from "@synod/client/messages/cluster";
import { StoreClient } from "@synod/client/store";
import type { Command } from "commander";
import colors from "picocolors";
import { createOutput, type Output, size, table } from "../output.ts";
import { addSettings, settleFromProcess } from "../settings.ts";
import { type Access, accessOf, explained, openClient, storeSettings } from "../store-access.ts";

const refreshEvery = 1_000;
const patienceWithOneNode = 1_000;

export function registerStatus(program: Command): void {
  const command = program.command("status").description("how every node of the cluster sees itself");
  command.option("--watch", "again every second, until interrupted");
  addSettings(command, storeSettings).action(async () => {
    const settings = settleFromProcess(storeSettings, command);
    const output = createOutput(settings.json);
    const client = openClient(settings);
    const access = accessOf(settings);
    try {
      if (command.opts<{ watch?: true }>().watch) await watchStatus(client, output, access);
      else await show(client, output, access);
    } catch (error) {
      throw await explained(error, settings);
    } finally {
      client.close();
    }
  });
}

interface Row {
  readonly member: Member;
  readonly status: NodeStatus | undefined;
}

async function watchStatus(client: StoreClient, output: Output, access: Access): Promise<void> {
  let wake = (): void => {};
  let ended = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      ended = true;
      wake();
    });
  }
  while (!ended) {
    await show(client, output, access, process.stdout.isTTY ? "\u001b[2J\u001b[H" : "");
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, refreshEvery);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @param before what clears the screen, if anything should. */
async function show(client: StoreClient, output: Output, access: Access, before = ""): Promise<void> {
  const { members } = await client.memberList(false);
  const rows = await Promise.all(
    members.map(async (member): Promise<Row> => ({ member, status: await ask(member, access) })),
  );
  const shown = summaries(rows);
  output.value({ nodes: shown });
  const head = ["node", "role", "term", "index", "applied", "lag", "size", "leader", "endpoint"];
  output.say(before + table(head, shown.map(cells)));
  for (const { node, errors } of shown) for (const error of errors) output.say(colors.red(`${node}: ${error}`));
}

async function ask(member: Member, access: Access): Promise<NodeStatus | undefined> {
  const endpoint = member.clientUrls[0];
  if (endpoint === undefined) return undefined;
  const client = new StoreClient({ ...access, endpoints: [endpoint], timeout: patienceWithOneNode });
  try {
    return await client.status(endpoint);
  } catch {
    return undefined; // shown as unreachable
  } finally {
    client.close();
  }
}

/** A node as the table and the JSON show it. */
interface Summary {
  readonly node: string;
  readonly endpoint: string;
  readonly role: "leader" | "follower" | "learner" | "no leader" | "unreachable";
  readonly term?: number;
  readonly index?: number;
  readonly applied?: number;
  /** Entries that the leader has and this node has not applied yet. */
  readonly lag?: number;
  readonly size?: number;
  readonly leader?: string;
  readonly errors: readonly string[];
}

function summaries(rows: readonly Row[]): Summary[] {
  const names = new Map(rows.map(({ member }) => [member.id, member.name]));
  const highest = Math.max(...rows.map(({ status }) => status?.raftIndex ?? 0));
  return rows.map(({ member, status }): Summary => {
    const node = { node: member.name || member.id.toString(16), endpoint: member.clientUrls[0] ?? "not started" };
    if (status === undefined) return { ...node, role: "unreachable", errors: [] };
    const leads = status.leader === member.id;
    return {
      ...node,
      role: status.isLearner ? "learner" : leads ? "leader" : status.leader === 0n ? "no leader" : "follower",
      term: status.raftTerm,
      index: status.raftIndex,
      applied: status.raftAppliedIndex,
      lag: highest - status.raftAppliedIndex,
      size: status.dbSize,
      leader: names.get(status.leader) ?? "–",
      errors: status.errors,
    };
  });
}

function cells(node: Summary): string[] {
  const paint =
    node.role === "leader" ? colors.green : node.role === "unreachable" ? colors.red : (text: string) => text;
  const numbers = [node.term, node.index, node.applied, node.lag].map((value) => String(value ?? "–"));
  const bytes = node.size === undefined ? "–" : size(node.size);
  return [node.node, paint(node.role), ...numbers, bytes, node.leader ?? "–", node.endpoint];
}
