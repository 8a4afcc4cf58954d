import assert from "node:assert/strict";
import { test } from "node:test";
import { createStoreMachine, type StoreMachine } from "@synod/store/machine";
import { FakeGroup } from "@synod/store/server/testing/fake-group";
import type { StoreResult } from "@synod/store/state-machine";
import { firstMembers } from "../identities.ts";
import { Publisher } from "./publisher.ts";
import { addressesOf, Roster } from "./roster.ts";

const peers = [1, 2].map((id) => ({
  id,
  name: `n${id}`,
  peerUrls: [`http://10.0.0.${id}:2380`],
  clientUrls: [`http://10.0.0.${id}:2379`],
}));
const first = firstMembers("test", peers);

function begin(): { all: StoreMachine; group: FakeGroup<StoreResult> } {
  const all = createStoreMachine();
  return { all, group: new FakeGroup(all.machine, (work) => setImmediate(work)) };
}

test("a new cluster's first members are written down once, however many propose them", async () => {
  const { all, group } = begin();
  const own = first.map(({ id, name, clientURLs }) => ({ memberId: id, name, clientUrls: clientURLs }));
  await Promise.all(own.map((self) => new Publisher(group, all.areas.members, first, self).done));
  assert.deepEqual(
    all.areas.members.members
      .list()
      .map(({ name }) => name)
      .sort(),
    ["n1", "n2"],
  );
  const before = group.proposed;
  await new Publisher(group, all.areas.members, first, own[0] as (typeof own)[number]).done;
  assert.equal(group.proposed, before, "at later starts there is nothing to propose");
});

test("a node that is called otherwise now, or reached elsewhere, says so until the list does", async () => {
  const { all, group } = begin();
  all.areas.members.members.seed(first);
  group.failure = "noLeader";
  const self = { memberId: first[0]?.id ?? 0n, name: "other", clientUrls: ["http://new:2379"] };
  const publisher = new Publisher(group, all.areas.members, [], self);
  await new Promise((resolve) => setImmediate(resolve));
  group.failure = undefined;
  await publisher.done;
  const listed = all.areas.members.members.get(self.memberId);
  assert.deepEqual([listed?.name, listed?.clientURLs], ["other", ["http://new:2379"]]);
});

test("what this node was told counts until the log has decided; its way to unmoved members always", () => {
  const { all } = begin();
  const roster = new Roster(all.areas.members, first);
  assert.deepEqual([roster.nameOf(2), roster.memberId(2), roster.memberId(9)], ["n2", first[1]?.id, 0n]);
  all.areas.members.members.seed([{ ...(first[0] as (typeof first)[number]), name: "decided" }]);
  assert.deepEqual([roster.nameOf(1), roster.nameOf(2)], ["decided", undefined]);

  const listed = first.map((member) => ({ ...member, peerURLs: ["http://listed:1"] }));
  const moved = listed.map((member) => ({ ...member, isUnmoved: member.node === 1 }));
  assert.deepEqual(
    [...addressesOf(first, { members: moved, departed: [] })],
    [
      [1, "10.0.0.1:2380"],
      [2, "listed:1"],
    ],
  );
  assert.deepEqual([...addressesOf(first, undefined).keys()], [1, 2]);
});
