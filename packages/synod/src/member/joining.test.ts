import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { MemberRecord } from "@synod/store/model/members";
import { findPlace, type Newcomer } from "./joining.ts";
import { MEMBERS_PATH, membersPage } from "./page.ts";

const record = (node: number, name: string): MemberRecord => ({
  id: 0xffff_0000_0000_0000n + BigInt(node),
  node,
  name,
  peerURLs: [`http://10.0.0.${node}:2380`],
  clientURLs: name === "" ? [] : [`http://10.0.0.${node}:2379`],
  isLearner: name === "",
  isUnmoved: node < 4,
});
const members = [record(1, "n1"), record(2, "n2"), record(4, "")];
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** A peers' port that says this of its cluster, or whatever else. */
async function peersPort(text?: string): Promise<string> {
  const { headers, body } = membersPage("the cluster", 0xfedcba9876543210n, members);
  const server = createServer(({ url }, response) => {
    if (url !== MEMBERS_PATH) response.statusCode = 404;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end(text ?? body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const newcomer: Newcomer = { name: "n4", peerUrls: ["http://10.0.0.4:2380"] };

test("a node finds its place by its peer URL, and with it whole: ids of 64 bits, members, the cluster", async () => {
  const place = await findPlace(["127.0.0.1:1", await peersPort()], newcomer);
  assert.deepEqual(place, {
    cluster: "the cluster",
    clusterId: 0xfedcba9876543210n,
    members,
    self: members[2],
  });
});

test("who has no place is told why, in one sentence", async () => {
  const address = await peersPort();
  const why = (change: Partial<Newcomer>, sentence: RegExp): Promise<void> =>
    assert.rejects(findPlace([address], { ...newcomer, ...change }), sentence);
  await why({ cluster: "another" }, /belongs to the cluster the cluster, not to another$/);
  await why(
    { peerUrls: ["http://10.0.0.5:2380"] },
    /has no member at http:\/\/10.0.0.5:2380: add it first \(synod member/,
  );
  await why({ name: "n2" }, /has a member n2 already, at http:\/\/10.0.0.2:2380: choose another --name/);
  await why(
    { peerUrls: ["http://10.0.0.2:2380"] },
    /has started already, as n2, and what it has promised is not in this/,
  );
});

test("who asks somebody else is told what answered there", async () => {
  await assert.rejects(
    findPlace(["127.0.0.1:1"], newcomer),
    /no member of a cluster answers at 127.0.0.1:1: .*REFUSED/,
  );
  const web = await peersPort("<html>");
  await assert.rejects(findPlace([web], newcomer), /it is no member of a Synod cluster: give --join the address/);
  const endless = await peersPort("x".repeat(2 << 20));
  await assert.rejects(findPlace([endless], newcomer), /it answers with more than a list of members/);
});
