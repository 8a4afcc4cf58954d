import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ProtobufReader, type ProtobufWriter } from "@synod/wire/protobuf";
import { decodeUtf8, encodeUtf8 } from "@synod/wire/utf8";
import { decodeLeaderKey, encodeCampaignRequest, encodeProclaimRequest, type LeaderKey } from "../../api/election.ts";
import { decodeKeyValue } from "../../api/key-value.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { Opcode } from "../../state-machine.ts";
import { AuthNode, type Made } from "../testing/auth-node.ts";

let node: AuthNode;
beforeEach(() => {
  node = new AuthNode();
  for (const id of [10n, 11n]) node.apply(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl: 10, id }));
});

const name = encodeUtf8("chair");
const begin = (method: string, encode: (writer: ProtobufWriter) => void): Made => {
  const made = node.begin(`/v3electionpb.Election/${method}`, undefined, encode);
  node.run();
  return made;
};
const campaign = (lease: bigint, text: string): Made =>
  begin("Campaign", (w) => encodeCampaignRequest(w, { name, lease, value: encodeUtf8(text) }));
const proclaim = (leader: LeaderKey | undefined, text: string): Made =>
  begin("Proclaim", (w) => encodeProclaimRequest(w, { leader, value: encodeUtf8(text) }));
const resign = (leader: LeaderKey | undefined): Made =>
  begin("Resign", (w) => encodeProclaimRequest(w, { leader, value: new Uint8Array(0) }));
const leads = (): Made => begin("Leader", (w) => w.bytes(1, name));
const observe = (): Made => begin("Observe", (w) => w.bytes(1, name));

const UNKNOWN = 2;
const ending = ({ code, text }: Made): [number | undefined, string] => [code, text];

function leaderKey({ messages: [reader] }: Made): LeaderKey {
  while (reader?.next() === true) {
    if (reader.field !== 2) reader.skip();
    else {
      const outer = reader.enter();
      const leader = decodeLeaderKey(reader);
      reader.leave(outer);
      return leader;
    }
  }
  throw new Error("the answer names no leader");
}

function value(reader: ProtobufReader): string {
  let text = "";
  while (reader.next()) {
    if (reader.field === 2) text = decodeUtf8(decodeKeyValue(reader).value);
    else reader.skip();
  }
  return text;
}

test("the first candidate leads, the second when the first resigns", () => {
  const first = campaign(10n, "Ada");
  assert.deepEqual(ending(first), [0, ""]);
  const second = campaign(11n, "Bob");
  assert.equal(second.code, undefined);
  assert.equal(value(leads().messages[0]!), "Ada");
  const leader = leaderKey(first);
  assert.deepEqual([decodeUtf8(leader.key), leader.lease], ["chair/a", 10n]);
  assert.deepEqual(ending(resign(leader)), [0, ""]);
  assert.deepEqual(ending(second), [0, ""]);
  assert.ok(leaderKey(second).revision > leader.revision);
  assert.equal(value(leads().messages[0]!), "Bob");
});

test("a leader proclaims; who led before does not, and resigns without harm", () => {
  const leader = leaderKey(campaign(10n, "one"));
  assert.deepEqual(ending(proclaim(leader, "two")), [0, ""]);
  assert.equal(value(leads().messages[0]!), "two");
  resign(leader);
  assert.deepEqual(ending(leads()), [UNKNOWN, "election: no leader"]);
  const next = leaderKey(campaign(10n, "three"));
  assert.deepEqual(ending(proclaim(leader, "late")), [UNKNOWN, "election: not leader"]);
  assert.deepEqual(ending(resign(leader)), [0, ""]);
  assert.equal(value(leads().messages[0]!), "three");
  assert.deepEqual(ending(proclaim({ ...next, lease: 0n }, "four")), [0, ""]);
  assert.equal(node.store.machine.model.range({ key: next.key }).kvs[0]?.lease, 10n, "the lease stays");
});

test("who campaigns again has won, with its new value", () => {
  const first = leaderKey(campaign(10n, "one"));
  const again = leaderKey(campaign(10n, "two"));
  assert.deepEqual(again, first);
  assert.equal(value(leads().messages[0]!), "two");
});

test("a request has to say who leads", () => {
  for (const made of [proclaim(undefined, "x"), resign(undefined)])
    assert.deepEqual(ending(made), [UNKNOWN, '"leader" field must be provided']);
});

test("a candidate whose lease ends does not win", () => {
  campaign(10n, "Ada");
  const second = campaign(11n, "Bob");
  node.apply(Opcode.leaseRevoke, (w) => encodeLeaseId(w, 11n));
  node.service.tick();
  node.run();
  assert.deepEqual(ending(second), [UNKNOWN, "election: not leader"]);
});

test("who observes sees each value and each leader, in order", () => {
  const observer = observe();
  assert.equal(observer.messages.length, 0, "nobody leads");
  const first = leaderKey(campaign(10n, "one"));
  campaign(11n, "Bob");
  proclaim(first, "two");
  proclaim(first, "three");
  resign(first);
  const late = observe();
  assert.deepEqual(observer.messages.map(value), ["one", "two", "three", "Bob"]);
  assert.deepEqual(late.messages.map(value), ["Bob"]);
  assert.equal(observer.code, undefined);
  node.calls.cancel(observer.stream);
  node.calls.cancel(late.stream);
  assert.equal(node.service.watches.watcherCount, 0);
});

test("who observes and is told in one batch of the first leader, its end and the next one misses none", () => {
  const observer = observe();
  const puts = [10n, 11n].map((lease) => ({ key: encodeUtf8(`chair/${lease.toString(16)}`), lease }));
  node.apply(Opcode.put, (w) => encodePutRequest(w, { ...puts[0]!, value: encodeUtf8("Ada") }));
  node.apply(Opcode.put, (w) => encodePutRequest(w, { ...puts[1]!, value: encodeUtf8("Bob") }));
  node.apply(Opcode.leaseRevoke, (w) => encodeLeaseId(w, 10n));
  node.service.tick();
  node.run();
  assert.deepEqual(observer.messages.map(value), ["Ada", "Bob"]);
});

test("who observes and does not read is told of the latest, when what it missed is compacted", () => {
  const leader = leaderKey(campaign(10n, "zero"));
  const values: string[] = [];
  let queued = 0;
  const stream = node.calls.open("/v3electionpb.Election/Observe", {
    onAnswer: (message) => {
      values.push(value(new ProtobufReader(message.slice())));
      return queued;
    },
    onFinish: (_code, text) => assert.fail(text),
    metadata: () => undefined,
  });
  queued = 1 << 20; // the client has stopped reading
  node.send({ stream: stream as number, messages: [], code: undefined, text: "" }, (w) => w.bytes(1, name), true);
  node.run();
  for (const text of ["one", "two", "three"]) proclaim(leader, text);
  node.apply(Opcode.compact, (w) => w.varint(1, node.store.machine.model.revision));
  proclaim(leader, "four");
  assert.deepEqual(values, ["zero"]);
  queued = 0;
  node.calls.writable();
  node.run();
  proclaim(leader, "five");
  assert.deepEqual([values[0], ...values.slice(-2)], ["zero", "four", "five"]);
  assert.ok(!values.includes("one"), "that is compacted");
});
