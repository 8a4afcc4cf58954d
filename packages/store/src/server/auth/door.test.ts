import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeLeaseGrantRequest, encodeLeaseId, encodeLeaseTimeToLiveRequest } from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { encodeRangeRequest } from "../../api/range.ts";
import { encodeTxnRequest } from "../../api/txn.ts";
import { type DecodedWatchResponse, decodeWatchResponse, encodeWatchRequest } from "../../api/watch.ts";
import { AuthOpcode } from "../../areas/auth.ts";
import { STORE_METHODS } from "../methods.ts";
import { AuthNode, type Made } from "../testing/auth-node.ts";

const key = encodeUtf8;
const RANGE = "/etcdserverpb.KV/Range";
const RANGE_STREAM = "/etcdserverpb.KV/RangeStream";
const PUT = "/etcdserverpb.KV/Put";
const TXN = "/etcdserverpb.KV/Txn";
const WATCH = "/etcdserverpb.Watch/Watch";
const MISSING = "etcdserver: user name is empty";
const INVALID = "etcdserver: invalid auth token";
const DENIED = "etcdserver: permission denied";
const OLD = "etcdserver: revision of auth store is old";

const range =
  (from: string, to = "") =>
  (w: ProtobufWriter): void =>
    encodeRangeRequest(w, { key: key(from), rangeEnd: key(to) });
const put =
  (name: string) =>
  (w: ProtobufWriter): void =>
    encodePutRequest(w, { key: key(name) });
const watch =
  (from: string, to = "", startRevision = 0) =>
  (w: ProtobufWriter): void =>
    encodeWatchRequest(w, {
      ...{ type: "create", key: key(from), rangeEnd: key(to), startRevision, progressNotify: false },
      ...{ filters: [], prevKv: false, watchId: 0, fragment: false },
    });

function told(made: Made): DecodedWatchResponse[] {
  return made.messages.splice(0).map(decodeWatchResponse);
}

/** What everybody may call, and what every user may: everything else is root's. */
const OPEN = ["Auth/AuthStatus", "Auth/Authenticate", "Maintenance/Status", "Health/Check", "Health/Watch"];
const USERS = [
  ...[
    "KV/Range",
    "KV/RangeStream",
    "KV/Put",
    "KV/DeleteRange",
    "KV/Txn",
    "Watch/Watch",
    "Cluster/MemberList",
    "Maintenance/Alarm",
  ],
  ...["Lease/LeaseGrant", "Lease/LeaseRevoke", "Lease/LeaseKeepAlive", "Lease/LeaseTimeToLive", "Lease/LeaseLeases"],
  ...["Auth/UserGet", "Auth/RoleGet", "Lock/Lock", "Lock/Unlock", "Election/Campaign", "Election/Proclaim"],
  ...["Election/Leader", "Election/Observe", "Election/Resign"],
];
const short = (path: string): string => path.replace(/^\/(etcdserverpb|grpc\.health\.v1|v3\w+)\./, "");

test("no method at all is served to whom nobody knows, unless it is meant to be (CVE-2026-33413)", () => {
  const node = AuthNode.withUsers();
  for (const { path } of STORE_METHODS) {
    if (OPEN.includes(short(path))) continue;
    const made = node.call(path, undefined);
    assert.deepEqual([made.code, made.text, made.messages.length], [3, MISSING, 0], path);
    const guessed = node.call(path, "abcdefghijklmnop.3");
    assert.deepEqual([guessed.code, guessed.text, guessed.messages.length], [16, INVALID, 0], path);
  }
});

test("a method of which nothing is said is root's", () => {
  const node = AuthNode.withUsers();
  const alice = node.signIn("alice");
  for (const { path, access } of STORE_METHODS) {
    if (access === undefined) {
      const made = node.call(path, alice);
      assert.deepEqual([made.code, made.text, made.messages.length], [7, DENIED, 0], path);
    } else assert.ok([...OPEN, ...USERS].includes(short(path)), `${path} is open: add it here if it is meant to be`);
  }
});

test("keys are read and written within the permissions, whatever form the range has", () => {
  const node = AuthNode.withUsers();
  const alice = node.signIn("alice");
  const answers: [string, (w: ProtobufWriter) => void, string][] = [
    [PUT, put("a1"), ""],
    [PUT, put("b"), DENIED],
    [RANGE, range("a1"), ""],
    [RANGE, range("a", "b"), ""],
    [RANGE, range("b"), DENIED],
    [RANGE_STREAM, range("a", "b"), ""],
    [RANGE_STREAM, range("a", "b\0"), DENIED],
    [RANGE, range("a", "b\0"), DENIED],
    [RANGE, range("a", "\0"), DENIED],
    [RANGE, range("\0", "\0"), DENIED],
    [RANGE, range("z", "a"), DENIED],
    [TXN, (w) => encodeTxnRequest(w, { success: [{ type: "range", request: { key: key("a") } }] }), ""],
    [TXN, (w) => encodeTxnRequest(w, { failure: [{ type: "range", request: { key: key("b") } }] }), DENIED],
    [TXN, (w) => encodeTxnRequest(w, { compare: [{ key: key("b"), result: 0, target: 0 }] }), DENIED],
    ["/etcdserverpb.Auth/UserGet", (w) => w.string(1, "alice"), ""],
    ["/etcdserverpb.Auth/UserGet", (w) => w.string(1, "root"), DENIED],
    ["/etcdserverpb.Auth/RoleGet", (w) => w.string(1, "r"), ""],
    ["/etcdserverpb.Auth/RoleGet", (w) => w.string(1, "root"), DENIED],
    ["/etcdserverpb.Maintenance/Alarm", () => {}, ""],
    ["/etcdserverpb.Maintenance/Alarm", (w) => w.varint(1, 1), DENIED],
  ];
  for (const [path, encode, text] of answers) assert.equal(node.call(path, alice, encode).text, text, path);
  assert.equal(node.call(RANGE, node.signIn("root"), range("\0", "\0")).text, "");
});

test("a read is judged when it is served, not when it came", () => {
  const node = AuthNode.withUsers();
  const alice = node.signIn("alice");
  const read = node.begin(RANGE, alice, range("a"));
  const admin = node.begin("/etcdserverpb.Auth/UserList", node.signIn("root"));
  node.takeRole("alice", "r");
  node.run();
  assert.deepEqual([read.code, read.text, read.messages.length], [7, DENIED, 0]);
  assert.equal(admin.code, 0);
});

test("a write is judged when it is applied, not when it came", () => {
  const node = AuthNode.withUsers();
  const write = node.begin(PUT, node.signIn("alice"), put("a"));
  node.takeRole("alice", "r");
  node.run();
  assert.deepEqual([write.code, write.text], [3, OLD]);
  assert.equal(node.store.machine.model.keyCount, 0);
});

test("what came while it was off is not done once it is on", () => {
  const node = AuthNode.withUsers();
  node.apply(AuthOpcode.disable);
  const write = node.begin(PUT, undefined, put("a"));
  const read = node.begin(RANGE, undefined, range("a"));
  node.apply(AuthOpcode.enable);
  node.run();
  assert.deepEqual([write.text, read.text], [MISSING, MISSING]);
});

test("a watch is refused outside the permissions, an open one too (GHSA-xg4h-6gfc-h4m8)", () => {
  const node = AuthNode.withUsers();
  const alice = node.signIn("alice");
  for (const [from, to] of [["b"], ["a", "\0"], ["\0", "\0"], ["", "\0"], ["z", "a"]]) {
    const made = node.begin(WATCH, alice, watch(from as string, to), false);
    node.run();
    const [answer] = told(made);
    const shown = [answer?.watchId, answer?.created, answer?.canceled, answer?.cancelReason];
    assert.deepEqual(shown, [-1, true, true, `rpc error: code = PermissionDenied desc = ${DENIED}`], `${from} ${to}`);
  }
  const allowed = node.begin(WATCH, alice, watch("a", "b"), false);
  node.run();
  assert.equal(told(allowed)[0]?.canceled, false);
});

test("a running watch is told of nothing after its user may not see it any more", () => {
  const ends: Record<string, (node: AuthNode) => void> = {
    "the role is taken": (node) => node.takeRole("alice", "r"),
    "the role is deleted": (node) => void node.apply(AuthOpcode.roleDelete, (w) => w.string(1, "r")),
    "the user is deleted": (node) => void node.apply(AuthOpcode.userDelete, (w) => w.string(1, "alice")),
  };
  for (const [name, end] of Object.entries(ends)) {
    const node = AuthNode.withUsers();
    const root = node.signIn("root");
    const made = node.begin(WATCH, node.signIn("alice"), watch("a", "b"), false);
    const roots = node.begin(WATCH, root, watch("a", "b"), false);
    node.call(PUT, root, put("a1"));
    assert.deepEqual(
      told(made).map(({ events }) => events.length),
      [0, 1],
    );
    end(node);
    node.call(PUT, root, put("a2"));
    node.call(PUT, root, put("a3"));
    const [last, ...more] = told(made);
    assert.deepEqual([last?.canceled, last?.events.length, more.length], [true, 0, 0], name);
    assert.match(last?.cancelReason ?? "", /etcdserver: permission denied/);
    assert.equal(told(roots).flatMap(({ events }) => events).length, 3, "root goes on");
    assert.equal(node.service.watches.watcherCount, 1);
  }
});

test("a watch that reads history loses its permission on the way, too", () => {
  const node = AuthNode.withUsers();
  const root = node.signIn("root");
  for (let i = 0; i < 5; i += 1) node.call(PUT, root, put("a"));
  const made = node.begin(WATCH, node.signIn("alice"), watch("a", "b", 2), false);
  node.takeRole("alice", "r");
  node.run();
  const answers = told(made);
  assert.deepEqual(
    answers.map(({ created, canceled, events }) => [created, canceled, events.length]),
    [
      [true, false, 0],
      [false, true, 0],
    ],
  );
});

test("watches of nobody end when authentication is switched on", () => {
  const node = AuthNode.withUsers();
  node.apply(AuthOpcode.disable);
  const made = node.begin(WATCH, undefined, watch("a"), false);
  node.run();
  node.apply(AuthOpcode.enable);
  node.call(PUT, node.signIn("alice"), put("a"));
  assert.deepEqual(
    told(made).map(({ canceled, events }) => [canceled, events.length]),
    [
      [false, 0],
      [true, 0],
    ],
  );
});

test("a token that another member has given is waited for, as are the messages behind it", () => {
  const node = AuthNode.withUsers();
  const next = node.group.status.appliedIndex + 1;
  // What the next sign-in's token will be, shown before this member has heard of it.
  const token = `${"B".padEnd(8, "A")}${"C".padEnd(8, "A")}.${next}`;
  const made = node.begin(WATCH, token, watch("a"), false);
  node.send(made, watch("a1"));
  node.calls.halfClose(made.stream);
  node.run();
  assert.deepEqual([made.messages.length, made.code], [0, undefined]);
  assert.equal(node.signIn("alice"), token);
  node.service.tick();
  node.run();
  assert.deepEqual(
    told(made).map(({ created, canceled }) => [created, canceled]),
    [
      [true, false],
      [true, false],
    ],
  );
});

test("a token that nobody gives is not waited for longer than a moment", () => {
  const node = AuthNode.withUsers();
  const made = node.begin(RANGE, `abcdefghijklmnop.${node.group.status.appliedIndex + 1000}`, range("a"));
  node.run();
  assert.equal(made.code, undefined);
  node.now += 5_000_000;
  node.service.tick();
  node.run();
  assert.deepEqual([made.code, made.text], [16, INVALID]);
});

test("a stream of renewals ends with its user", () => {
  const node = AuthNode.withUsers();
  const alice = node.signIn("alice");
  node.call("/etcdserverpb.Lease/LeaseGrant", alice, (w) => encodeLeaseGrantRequest(w, { ttl: 60, id: 7n }));
  const renew = (w: ProtobufWriter): void => encodeLeaseId(w, 7n);
  const made = node.begin("/etcdserverpb.Lease/LeaseKeepAlive", alice, renew, false);
  node.run();
  assert.equal(made.messages.length, 1);
  node.send(made, renew);
  node.apply(AuthOpcode.userDelete, (w) => w.string(1, "alice"));
  node.run();
  assert.deepEqual([made.messages.length, made.text], [1, DENIED]);
});

test("leases are listed, with keys or without, for who may read all their keys", () => {
  const node = AuthNode.withUsers();
  const [alice, root] = [node.signIn("alice"), node.signIn("root")];
  const list = (): string => node.call("/etcdserverpb.Lease/LeaseLeases", alice).text;
  const show = (keys: boolean): string =>
    node.call("/etcdserverpb.Lease/LeaseTimeToLive", alice, (w) => encodeLeaseTimeToLiveRequest(w, { id: 7n, keys }))
      .text;
  node.call("/etcdserverpb.Lease/LeaseGrant", alice, (w) => encodeLeaseGrantRequest(w, { ttl: 60, id: 7n }));
  node.call(PUT, alice, (w) => encodePutRequest(w, { key: key("a"), lease: 7n }));
  assert.deepEqual([list(), show(true), show(false)], ["", "", ""]);
  node.call(PUT, root, (w) => encodePutRequest(w, { key: key("theirs"), lease: 7n }));
  assert.deepEqual([list(), show(true), show(false)], [DENIED, DENIED, ""]);
  const another = node.call(PUT, alice, (w) => encodePutRequest(w, { key: key("a2"), lease: 7n }));
  assert.equal(another.text, DENIED, "alice could not revoke it");
});

test("whom a certificate is for needs no token", () => {
  const node = AuthNode.withUsers();
  node.connection.callers.certificateUser = "alice";
  assert.equal(node.call(PUT, undefined, put("a")).text, "");
  assert.equal(node.call(PUT, undefined, put("b")).text, DENIED);
  assert.equal(node.call(PUT, node.signIn("root"), put("b")).text, "", "a token says more than a certificate");
  node.connection.callers.certificateUser = "mallory";
  assert.equal(node.call(PUT, undefined, put("a")).text, DENIED);
});
