import assert from "node:assert/strict";
import { test } from "node:test";
import { mostNodes, parseAddress, parsePeers, portsOf } from "./addresses.ts";

test("node 1 listens where clients expect it, every further node 10,000 above", () => {
  assert.deepEqual(portsOf(1, 0), { store: 2379, peers: 2380, http: 7070 });
  assert.deepEqual(portsOf(3, 0), { store: 22379, peers: 22380, http: 27070 });
  assert.deepEqual(portsOf(2, 5), { store: 12384, peers: 12385, http: 17075 });
});

test("the most nodes that fit do fit, and one more is refused with what to do", () => {
  assert.equal(portsOf(mostNodes, 0).http, 57_070);
  assert.throws(() => portsOf(mostNodes + 1, 0), /http port of n7 would be 67070, beyond 65535: start fewer --nodes/);
  assert.throws(() => portsOf(mostNodes, 9000), /choose a smaller --port-offset/);
});

test("peers are named with their addresses, in any order", () => {
  assert.deepEqual(parsePeers(["n2=10.0.0.2:2380", "n1=[::1]:2380"], ["n2=http://store-2:4001"]), [
    { id: 1, name: "n1", peerUrls: ["http://[::1]:2380"], clientUrls: ["http://[::1]:2379"] },
    { id: 2, name: "n2", peerUrls: ["http://10.0.0.2:2380"], clientUrls: ["http://store-2:4001"] },
  ]);
});

test("nodes of other names are numbered alike by all nodes, in whatever order they are told", () => {
  const ids = (...entries: string[]) => parsePeers(entries, []).map(({ id, name }) => `${id} ${name}`);
  assert.deepEqual(ids("infra2=b:1", "infra0=a:1", "n7=c:1"), ["1 infra0", "2 infra2", "3 n7"]);
  assert.deepEqual(ids("n7=c:1", "infra0=a:1", "infra2=b:1"), ["1 infra0", "2 infra2", "3 n7"]);
});

test("what cannot be a peer is refused by name", () => {
  assert.throws(() => parsePeers(["127.0.0.1:2380"], []), /has "127.0.0.1:2380" without a name: write it as in n1=/);
  assert.throws(() => parsePeers(["n1=here"], []), /"here", which is no address/);
  assert.throws(() => parsePeers(["n1=a:1", "n1=b:2"], []), /names a node twice/);
  assert.throws(() => parseAddress("127.0.0.1:0", "--endpoints"), /--endpoints has "127.0.0.1:0"/);
});
