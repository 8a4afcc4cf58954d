import type { Member } from "@synod/client/messages/cluster";
import type { StoreClient } from "@synod/client/store";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { type Output, table } from "../output.ts";
import { withStore } from "../store-access.ts";

export function registerMember(program: Command): void {
  const member = program.command("member").description("who belongs to the cluster, and changes of that");
  withStore(member.command("list").description("all members, with their ids"), listAction);

  const add = member.command("add <name>").description("make a place for a node, which is then started with --join");
  add.requiredOption("--peer-urls <urls>", "where its peers will reach it: http://host:port,…");
  withStore(add.option("--learner", "it only listens until it is promoted: the careful way"), addAction);

  const promote = member.command("promote <member>").description("give a learner that has caught up its vote");
  withStore(promote, promoteAction);

  const update = member.command("update <member>").description("tell the others where they reach a member from now on");
  withStore(update.requiredOption("--peer-urls <urls>", "http://host:port,…"), updateAction);

  const remove = member.command("remove <member>").description("remove a member for good; it stops by itself");
  withStore(remove, removeAction);
}

type Action<Options> = (
  client: StoreClient,
  output: Output,
  args: readonly string[],
  options: Options,
) => Promise<void>;
type Urls = { peerUrls: string };

const listAction: Action<object> = async (client, output) => {
  const { members } = await client.memberList();
  output.value({ members: members.map(json) });
  const rows = members.map((member) => [
    member.id.toString(16),
    member.name === "" ? "not started" : member.name,
    member.isLearner ? "learner" : "voter",
    member.peerUrls.join(","),
    member.clientUrls.join(",") || "–",
  ]);
  output.say(table(["id", "name", "vote", "peers", "clients"], rows));
};

const addAction: Action<Urls & { learner?: true }> = async (client, output, [name = ""], options) => {
  const { member, members } = await client.memberAdd(urls(options), options.learner === true);
  const others = members.filter(({ id }) => id !== member.id).flatMap(({ clientUrls }) => clientUrls);
  output.value({ member: json(member), join: others });
  output.say(
    `${member.id.toString(16)} is the place of ${name}${member.isLearner ? ", a learner" : ""}. Start it there:`,
  );
  const { hostname, port } = new URL(member.peerUrls[0] ?? "http://127.0.0.1:2380");
  const join = others.map((url) => url.replace(/^https?:\/\//, "")).join(",");
  output.say(`  synod serve --name ${name} --data ./${name} --host ${hostname} --peer-port ${port} --join ${join}`);
};

const promoteAction: Action<object> = async (client, output, [who = ""]) => {
  const member = await find(client, who);
  await client.memberPromote(member.id);
  done(output, member, "votes now");
};

const updateAction: Action<Urls> = async (client, output, [who = ""], options) => {
  const member = await find(client, who);
  await client.memberUpdate(member.id, urls(options));
  done(output, member, `is reached at ${options.peerUrls} now`);
};

const removeAction: Action<object> = async (client, output, [who = ""]) => {
  const member = await find(client, who);
  await client.memberRemove(member.id);
  done(output, member, "is no member any more");
};

function done(output: Output, member: Member, what: string): void {
  output.value({ id: member.id.toString(16), name: member.name });
  output.say(`${member.name === "" ? member.id.toString(16) : member.name} ${what}`);
}

/** By name, or by the id that `member list` shows. */
async function find(client: StoreClient, who: string): Promise<Member> {
  const { members } = await client.memberList();
  const found = members.find(({ id, name }) => name === who || id.toString(16) === who.toLowerCase());
  if (found === undefined) throw new CliError("store", `there is no member ${who}: see synod member list`);
  return found;
}

function urls({ peerUrls }: Urls): string[] {
  return peerUrls.split(",").map((url) => url.trim());
}

function json({ id, name, peerUrls, clientUrls, isLearner }: Member): object {
  return { id: id.toString(16), name, peerUrls, clientUrls, isLearner };
}
