/** Changes of members as clients ask for them: refused with etcd's words, answered once they are in force. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { decodeMembers } from "../../api/cluster.ts";
import { encodeMemberCommand } from "../../api/member-commands.ts";
import { MemberOpcode } from "../../areas/members.ts";
import type { MemberRecord } from "../../model/members.ts";
import { memberId, type Reply, StoreServer } from "../testing/store-server.ts";

const record = (node: number): MemberRecord => ({
  id: memberId(node),
  node,
  name: `n${node}`,
  peerURLs: [`http://127.0.0.${node}:2380`],
  clientURLs: [],
  isLearner: false,
  isUnmoved: true,
});

let server: StoreServer;

beforeEach(async () => {
  server = await StoreServer.start();
  const seed = new ProtobufWriter(64);
  seed.raw(Uint8Array.of(MemberOpcode.seed));
  encodeMemberCommand(seed, { members: [record(1), record(2), record(3)] });
  server.machine.apply(1, 0, seed.finish());
  inForce([1, 2, 3], []);
});

afterEach(() => server.close());

/** Raft's configuration is now that, and committed. */
function inForce(voters: number[], learners: number[], isSettled = true): void {
  server.group.become({ configuration: { voters, outgoing: [], learners }, isSettled });
  server.service.batchApplied();
}

function add(url: string, isLearner: boolean): Promise<Reply> {
  return server.call("/etcdserverpb.Cluster/MemberAdd", (writer) => {
    writer.string(1, url);
    writer.bool(2, isLearner);
  });
}

function change(method: string, id: bigint, url?: string): Promise<Reply> {
  return server.call(`/etcdserverpb.Cluster/Member${method}`, (writer) => {
    writer.varint(1, id);
    if (url !== undefined) writer.string(2, url);
  });
}

/** Lets what is under way come as far as it can without the group. */
async function decided(answer: Promise<Reply>): Promise<void> {
  let isAnswered = false;
  void answer.then(() => {
    isAnswered = true;
  });
  const before = server.group.status.appliedIndex;
  while (server.group.status.appliedIndex === before) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isAnswered, false, "a decision that is not in force yet is no answer");
}

function idsIn(message: ProtobufReader): bigint[] {
  return decodeMembers(message).map(({ id }) => id);
}

test("a member is added: told who it is once it takes part", async () => {
  const answer = add("http://127.0.0.4:2380", true);
  await decided(answer);
  inForce([1, 2, 3], [4], false);
  inForce([1, 2, 3], [4]);
  const { code, message } = await answer;
  assert.equal(code, 0);
  const [added] = decodeMembers(message);
  assert.deepEqual([added?.name, added?.peerURLs, added?.isLearner], ["", ["http://127.0.0.4:2380"], true]);
  assert.equal(server.service.areas.members.members.get(added?.id ?? 0n)?.node, 4);
});

test("a member is removed; one that is itself removed still says so before it stops", async () => {
  const other = change("Remove", memberId(2));
  await decided(other);
  inForce([1, 3], []);
  assert.equal((await other).code, 0);
  const self = change("Remove", memberId(1));
  await decided(self);
  server.service.removed();
  assert.equal((await self).code, 0);
});

test("a learner in sync is promoted; another one, and who is none, is not", async () => {
  const answer = add("http://127.0.0.4:2380", true);
  await decided(answer);
  inForce([1, 2, 3], [4]);
  const [added] = decodeMembers((await answer).message);
  const id = added?.id ?? 0n;
  server.group.others = { isConnected: true, isInSync: false };
  const { code, text } = await change("Promote", id);
  assert.deepEqual([code, text], [9, "etcdserver: can only promote a learner member which is in sync with leader"]);
  server.group.others = { isConnected: true, isInSync: true };
  const promotion = change("Promote", id);
  await decided(promotion);
  inForce([1, 2, 3, 4], []);
  assert.equal((await promotion).code, 0);
  assert.equal((await change("Promote", id)).text, "etcdserver: can only promote a learner member");
});

test("each refusal has etcd's status and words", async () => {
  const said = async (answer: Promise<Reply>): Promise<string> => {
    const { code, text } = await answer;
    return `${code} ${text.replace("etcdserver: ", "")}`;
  };
  const bad = "3 given member URLs are invalid";
  for (const url of ["", "127.0.0.1:1", "http://host", "http://host:1/path", "ftp://host:1", "http://host:70000"])
    assert.equal(await said(add(url, true)), bad, url);
  assert.equal(await said(change("Update", memberId(1), "here")), bad);
  assert.equal(await said(change("Update", 7n, "http://h:1")), "5 member not found");
  assert.equal(await said(change("Remove", 7n)), "5 member not found");
  assert.equal(await said(change("Promote", 7n)), "5 member not found");
  assert.equal(await said(add("http://127.0.0.2:2380", true)), "9 Peer URLs already exists");
  server.group.others = { isConnected: false, isInSync: true };
  assert.equal(await said(add("http://127.0.0.4:2380", true)), "14 unhealthy cluster");
});

test("who is not reached may be removed, but nobody else while a majority would be lost", async () => {
  server.group.others = { isConnected: false, isInSync: true };
  const answer = change("Remove", memberId(2));
  await decided(answer);
  inForce([1, 3], []);
  assert.equal((await answer).code, 0);
});

test("a change that does not come into force in time is a time-out", async () => {
  const answer = change("Update", memberId(2), "http://127.0.0.9:2380");
  inForce([1, 2, 3], [], false);
  await decided(answer);
  server.now += 8_000_000;
  server.service.tick();
  assert.equal((await answer).text, "etcdserver: request timed out");
  assert.deepEqual(server.service.areas.members.members.get(memberId(2))?.peerURLs, ["http://127.0.0.9:2380"]);
});

test("a learner lists no members and changes none; a voter that still catches up serves", async () => {
  server.service.areas.members.members.replace([{ ...record(1), isLearner: true }, record(2)], 3);
  server.group.become({ role: "learner", leader: 2, configuration: { voters: [2], outgoing: [], learners: [1] } });
  assert.equal((await add("http://127.0.0.4:2380", true)).text, "etcdserver: rpc not supported for learner");
  assert.equal((await server.call("/etcdserverpb.Maintenance/Status")).code, 0);
  server.service.areas.members.members.replace([record(1), record(2)], 3);
  server.service.roleChanged();
  const { message } = await server.call("/etcdserverpb.Cluster/MemberList");
  assert.deepEqual(idsIn(message), [memberId(1)], "a voter that catches up serves");
});
