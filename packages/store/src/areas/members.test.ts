/** The list of members as the log makes it: every refusal of etcd's, the same on every replica, whole in a snapshot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeMemberCommand, type MemberCommand } from "../api/member-commands.ts";
import { createStoreMachine } from "../machine.ts";
import type { MemberRecord } from "../model/members.ts";
import { MemberOpcode } from "./members.ts";

const urls = (node: number): readonly string[] => [`http://10.0.0.${node}:2380`];
const first = (...nodes: number[]): MemberRecord[] =>
  nodes.map((node) => ({
    id: BigInt(100 + node),
    node,
    name: `n${node}`,
    peerURLs: urls(node),
    clientURLs: [`http://10.0.0.${node}:2379`],
    isLearner: false,
    isUnmoved: true,
  }));
const lenient = { strict: false, maxLearners: 2 };

class Cluster {
  readonly all: ReturnType<typeof createStoreMachine> = createStoreMachine();
  #index = 0;

  constructor(...nodes: number[]) {
    if (nodes.length > 0) this.tell("seed", { members: first(...nodes) });
  }

  /** @returns why it was refused, or "" */
  tell(what: keyof typeof MemberOpcode, command: Partial<MemberCommand>): string {
    const writer = new ProtobufWriter(64);
    writer.raw(Uint8Array.of(MemberOpcode[what]));
    encodeMemberCommand(writer, command);
    const result = this.all.machine.apply(++this.#index, 0, writer.finish());
    return result.type === "refused" ? result.code : "";
  }

  add(node: number, isLearner: boolean, rules?: MemberCommand["rules"]): string {
    const command = { id: BigInt(100 + node), peerURLs: urls(node), isLearner };
    return this.tell("add", rules === undefined ? command : { ...command, rules });
  }

  start(node: number): string {
    return this.tell("publish", { id: BigInt(100 + node), name: `n${node}`, clientURLs: ["http://c"] });
  }

  remove(node: number): string {
    return this.tell("remove", { id: BigInt(100 + node) });
  }

  promote(node: number): string {
    return this.tell("promote", { id: BigInt(100 + node) });
  }

  get nodes(): string {
    const { voters, learners } = this.all.machine.membership() ?? { voters: [], learners: [] };
    return `${voters}/${learners}`;
  }
}

test("the first list counts; whoever proposes another one later changes nothing", () => {
  const cluster = new Cluster();
  assert.equal(cluster.all.machine.membership(), undefined);
  assert.equal(cluster.tell("seed", { members: first(3, 1, 2) }), "");
  const before = cluster.all.machine.hash();
  assert.equal(cluster.tell("seed", { members: first(7) }), "");
  assert.deepEqual([cluster.nodes, cluster.all.machine.hash()], ["1,2,3/", before]);
});

test("a learner is added, starts, is promoted and takes an old member's place; ids are never given twice", () => {
  const cluster = new Cluster(1, 2, 3);
  assert.deepEqual([cluster.add(4, true), cluster.nodes], ["", "1,2,3/4"]);
  assert.deepEqual([cluster.start(4), cluster.promote(4), cluster.nodes], ["", "", "1,2,3,4/"]);
  assert.deepEqual([cluster.remove(4), cluster.add(5, true), cluster.nodes], ["", "", "1,2,3/5"]);
  const membership = cluster.all.machine.membership();
  assert.deepEqual(
    [3, 4, 5, 6].map((node) => membership?.isRemoved(node)),
    [false, true, false, false],
  );
});

test("every refusal has etcd's reason and changes nothing", () => {
  const cluster = new Cluster(1, 2, 3);
  const before = cluster.all.machine.hash();
  assert.equal(cluster.remove(9), "memberNotFound");
  assert.equal(cluster.promote(9), "memberNotFound");
  assert.equal(cluster.start(9), "memberNotFound");
  assert.equal(cluster.tell("update", { id: 109n, peerURLs: urls(9) }), "memberNotFound");
  assert.equal(cluster.promote(1), "memberNotLearner");
  assert.equal(cluster.add(1, true), "memberExist");
  assert.equal(cluster.tell("add", { id: 7n, peerURLs: [...urls(9), ...urls(2)], isLearner: true }), "peerURLExist");
  assert.equal(cluster.tell("update", { id: 101n, peerURLs: urls(2) }), "peerURLExist");
  assert.equal(cluster.all.machine.hash(), before);
  assert.equal(cluster.add(4, true), "");
  assert.equal(cluster.add(5, true), "tooManyLearners");
  assert.equal(cluster.add(5, true, lenient), "");
});

test("strictly, a change may not leave fewer started voters than a majority", () => {
  const cluster = new Cluster(1, 2, 3);
  assert.equal(cluster.add(4, false), "");
  assert.equal(cluster.add(5, false), "", "three of five have started");
  assert.equal(cluster.add(6, false), "notEnoughStartedMembers", "three of six would be no majority");
  assert.equal(cluster.remove(1), "notEnoughStartedMembers", "two of four neither");
  assert.equal(cluster.remove(5), "");
  assert.equal(cluster.add(6, false, lenient), "", "whoever insists");

  const one = new Cluster(1);
  assert.equal(one.remove(1), "notEnoughStartedMembers", "nobody would be left");
  assert.equal(one.add(2, false), "", "one may become two");
  assert.equal(one.add(3, false), "notEnoughStartedMembers");
});

test("a member that has moved is found where the list says, and no longer where it began", () => {
  const cluster = new Cluster(1, 2);
  assert.deepEqual([...(cluster.all.machine.membership()?.unmoved ?? [])], [1, 2]);
  assert.equal(cluster.tell("update", { id: 102n, peerURLs: ["https://[fd00::2]:2380"] }), "");
  const membership = cluster.all.machine.membership();
  assert.deepEqual([membership?.addresses.get(2), [...(membership?.unmoved ?? [])]], ["[fd00::2]:2380", [1]]);
});

test("equal logs give equal states, and a snapshot brings the whole list", () => {
  const [left, right] = [new Cluster(1, 2, 3), new Cluster(1, 2, 3)];
  for (const cluster of [left, right]) {
    cluster.add(4, true);
    cluster.start(4);
    cluster.remove(2);
  }
  assert.equal(left.all.machine.hash(), right.all.machine.hash());
  const copy = new Cluster(8);
  copy.all.machine.restore({ [Symbol.iterator]: () => left.all.machine.snapshot() });
  assert.equal(copy.all.machine.hash(), left.all.machine.hash());
  assert.deepEqual(copy.all.areas.members.members.list(), left.all.areas.members.members.list());
  assert.equal(copy.add(9, false), "");
  assert.equal(copy.all.areas.members.members.get(109n)?.node, 5, "it goes on counting where the others do");
});
