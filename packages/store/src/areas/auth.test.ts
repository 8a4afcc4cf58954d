import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import fc from "fast-check";
import {
  encodeRoleGrantPermissionRequest,
  encodeRoleRevokePermissionRequest,
  encodeUserAddRequest,
  encodeUserChangePasswordRequest,
  encodeUserRoleRequest,
} from "../api/auth.ts";
import { encodeDeleteRangeRequest } from "../api/delete-range.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "../api/lease.ts";
import { encodePutRequest } from "../api/put.ts";
import { encodeTxnRequest } from "../api/txn.ts";
import { AS_USER, encodeEnvelope } from "../envelope.ts";
import { createStoreMachine, type StoreMachine } from "../machine.ts";
import type { TxnRequest } from "../model/types.ts";
import { Opcode, type StoreResult } from "../state-machine.ts";
import { AuthOpcode, encodeAssignToken } from "./auth.ts";

type Encode = (writer: ProtobufWriter) => void;
const key = encodeUtf8;
const READ = 0;
const WRITE = 1;
const READWRITE = 2;

function command(opcode: number, encode: Encode = () => {}): Uint8Array {
  const writer = new ProtobufWriter();
  writer.raw(Uint8Array.of(opcode));
  encode(writer);
  return writer.finish();
}

const userAdd = (name: string): Uint8Array =>
  command(AuthOpcode.userAdd, (w) =>
    encodeUserAddRequest(w, { name, password: "", noPassword: false, hashedPassword: `hash of ${name}'s` }),
  );
const named = (opcode: number, name: string): Uint8Array => command(opcode, (w) => w.string(1, name));
const userRole = (opcode: number, user: string, role: string): Uint8Array =>
  command(opcode, (w) => encodeUserRoleRequest(w, { user, role }));
const allow = (role: string, type: number, from: string, to = ""): Uint8Array =>
  command(AuthOpcode.roleGrantPermission, (w) =>
    encodeRoleGrantPermissionRequest(w, { role, permission: { type, key: key(from), rangeEnd: key(to) } }),
  );
const put = (name: string, lease = 0n): Uint8Array =>
  command(Opcode.put, (w) => encodePutRequest(w, { key: key(name), lease }));
const txn = (request: TxnRequest): Uint8Array => command(Opcode.txn, (w) => encodeTxnRequest(w, request));
const enable = command(AuthOpcode.enable);
const disable = command(AuthOpcode.disable);

/** root and alice, who may read and write `a`…`b`. */
const SETUP: readonly Uint8Array[] = [
  userAdd("root"),
  userRole(AuthOpcode.userGrantRole, "root", "root"),
  userAdd("alice"),
  named(AuthOpcode.roleAdd, "r"),
  allow("r", READWRITE, "a", "b"),
  userRole(AuthOpcode.userGrantRole, "alice", "r"),
];

class World {
  readonly store: StoreMachine = createStoreMachine();
  #index = 0;

  constructor(commands: readonly Uint8Array[] = [...SETUP, enable]) {
    for (const one of commands) assert.notEqual(this.apply(one).type, "refused");
  }

  /** Another replica, which has learnt everything from a snapshot. */
  copy(): World {
    const copy = new World([]);
    copy.store.machine.restore({ [Symbol.iterator]: () => this.store.machine.snapshot() });
    copy.#index = this.#index;
    return copy;
  }

  /** Of the users as they are now. */
  get revision(): number {
    return this.store.areas.auth.users.revision;
  }

  apply(bytes: Uint8Array): StoreResult {
    this.#index += 1;
    return { ...this.store.machine.apply(this.#index, this.#index, bytes) };
  }

  /** @returns "ok" or the code of the refusal. */
  as(user: string, bytes: Uint8Array, authRevision = this.revision): string {
    const writer = new ProtobufWriter();
    encodeEnvelope(writer, { user, authRevision }, bytes[0] ?? 0, bytes.subarray(1));
    return this.bare(writer.finish());
  }

  bare(bytes: Uint8Array): string {
    const result = this.apply(bytes);
    return result.type === "refused" ? result.code : "ok";
  }
}

test("users and roles are changed, and refused, in etcd's order of refusals", () => {
  const world = new World([]);
  const steps: [Uint8Array, string][] = [
    [enable, "rootUserNotExist"],
    [userAdd(""), "userEmpty"],
    [userAdd("root"), "ok"],
    [userAdd("root"), "userAlreadyExist"],
    [enable, "rootRoleNotExist"],
    [userRole(AuthOpcode.userGrantRole, "nobody", "r"), "userNotFound"],
    [userRole(AuthOpcode.userGrantRole, "root", "r"), "roleNotFound"],
    [userRole(AuthOpcode.userGrantRole, "root", "root"), "ok"],
    [userRole(AuthOpcode.userGrantRole, "root", "root"), "ok"],
    [named(AuthOpcode.roleAdd, ""), "roleEmpty"],
    [named(AuthOpcode.roleAdd, "r"), "ok"],
    [named(AuthOpcode.roleAdd, "r"), "roleAlreadyExist"],
    [allow("nothing", READ, "a"), "roleNotFound"],
    [allow("r", READ, ""), "invalidAuthMgmt"],
    [allow("r", READ, "b", "a"), "invalidAuthMgmt"],
    [allow("r", 3, "a"), "invalidAuthMgmt"],
    [allow("r", WRITE, "a", "\0"), "ok"],
    [command(AuthOpcode.roleGrantPermission, (w) => w.string(1, "r")), "permissionNotGiven"],
    [
      command(AuthOpcode.roleRevokePermission, (w) =>
        encodeRoleRevokePermissionRequest(w, { role: "r", key: key("a"), rangeEnd: key("b") }),
      ),
      "permissionNotGranted",
    ],
    [userRole(AuthOpcode.userRevokeRole, "root", "r"), "roleNotGranted"],
    [userRole(AuthOpcode.userRevokeRole, "nobody", "r"), "userNotFound"],
    [named(AuthOpcode.userDelete, "nobody"), "userNotFound"],
    [named(AuthOpcode.roleDelete, "nothing"), "roleNotFound"],
    [disable, "ok"],
    [enable, "ok"],
  ];
  for (const [index, [bytes, answer]] of steps.entries()) assert.equal(world.bare(bytes), answer, `step ${index}`);
  assert.equal(world.as("root", named(AuthOpcode.userDelete, "root")), "invalidAuthMgmt");
  assert.equal(world.as("root", named(AuthOpcode.roleDelete, "root")), "invalidAuthMgmt");
  assert.equal(world.as("root", userRole(AuthOpcode.userRevokeRole, "root", "root")), "invalidAuthMgmt");
});

test("a permission of a range is replaced by another of it; a deleted role is taken from everybody", () => {
  const world = new World(SETUP);
  const { users } = world.store.areas.auth;
  const shown = (): [number, string][] =>
    users.requireRole("r").permissions.map((one) => [one.type, Buffer.from(one.key).toString()]);
  for (const bytes of [allow("r", READ, "c"), allow("r", READ, "b"), allow("r", WRITE, "c")]) world.apply(bytes);
  assert.deepEqual(shown(), [
    [READWRITE, "a"],
    [READ, "b"],
    [WRITE, "c"],
  ]);
  world.apply(named(AuthOpcode.roleDelete, "r"));
  assert.deepEqual(users.requireUser("alice").roles, []);
});

test("once it is on, nothing is done in nobody's name", () => {
  const world = new World();
  const bare = [
    put("a"),
    txn({}),
    command(Opcode.deleteRange, (w) => encodeDeleteRangeRequest(w, { key: key("a") })),
    command(Opcode.compact, (w) => w.varint(1, 1)),
    command(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl: 5, id: 1n })),
    command(Opcode.leaseKeepAlive, (w) => encodeLeaseId(w, 1n)),
    userAdd("mallory"),
    disable,
    command(0x10),
    command(0x60),
  ];
  for (const bytes of bare) assert.equal(world.bare(bytes), "userEmpty", `opcode ${bytes[0]}`);
  assert.equal(world.bare(command(Opcode.expireLeases)), "ok", "a server's own");
  assert.equal(world.as("alice", command(Opcode.expireLeases)), "permissionDenied", "nobody else's");
  assert.equal(world.as("alice", Uint8Array.of(AS_USER, 0)), "permissionDenied", "no envelope in an envelope");
});

test("whoever asks is judged by the users as they are when the command is applied", () => {
  const world = new World();
  assert.equal(world.as("alice", put("a")), "ok");
  assert.equal(world.as("alice", put("b")), "permissionDenied");
  assert.equal(world.as("root", put("b")), "ok");
  assert.equal(world.as("mallory", put("a")), "permissionDenied");
  const before = world.revision;
  assert.equal(world.as("root", userRole(AuthOpcode.userRevokeRole, "alice", "r")), "ok");
  assert.equal(world.as("alice", put("a"), before), "authOldRevision", "proposed before, applied after");
  assert.equal(world.as("alice", put("a")), "permissionDenied");
  assert.equal(world.as("alice", userAdd("mallory")), "permissionDenied");
  assert.equal(world.as("root", userAdd("bob"), before), "ok", "root may do several things in a row");
});

test("what a former root of the same name, or with the former password, has proven counts no more", () => {
  const world = new World();
  const before = world.revision;
  const change = command(AuthOpcode.userChangePassword, (w) =>
    encodeUserChangePasswordRequest(w, { name: "root", password: "", hashedPassword: "another" }),
  );
  assert.equal(world.as("root", change, before), "ok");
  assert.equal(world.as("root", disable, before), "authOldRevision");
  assert.equal(world.as("root", disable), "ok");
});

test("a lease is revoked, or given another key, only by who may do that to all its keys", () => {
  const world = new World();
  const id = 7n;
  const revoke = command(Opcode.leaseRevoke, (w) => encodeLeaseId(w, id));
  assert.equal(
    world.as(
      "alice",
      command(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl: 5, id })),
    ),
    "ok",
  );
  assert.equal(world.as("alice", put("a1", id)), "ok");
  assert.equal(world.as("root", put("theirs", id)), "ok");
  assert.equal(world.as("alice", put("a2", id)), "permissionDenied");
  assert.equal(world.as("alice", revoke), "permissionDenied");
  assert.equal(world.as("root", revoke), "ok");
});

test("a token is given only while the user is the one whose password was checked", () => {
  const world = new World();
  const { users } = world.store.areas.auth;
  const assigned: string[] = [];
  world.store.areas.auth.observer = {
    assigned: (user, token) => assigned.push(`${user} ${token}`),
    invalidated: (user) => assigned.push(`not ${user}`),
    reset: () => assigned.push("nobody"),
  };
  const { credentialRevision } = users.requireUser("alice");
  const assign = command(AuthOpcode.assignToken, (w) =>
    encodeAssignToken(w, { user: "alice", prefix: "letters", credentialRevision }),
  );
  assert.equal(world.bare(assign), "ok");
  assert.deepEqual(assigned, ["alice letters.8"]);
  world.as("root", named(AuthOpcode.userDelete, "alice"));
  assert.equal(world.bare(assign), "authFailed");
  world.as("root", userAdd("alice"));
  assert.equal(world.bare(assign), "authFailed", "another of that name");
  world.as("root", disable);
  assert.equal(world.bare(assign), "authNotEnabled");
  assert.deepEqual(assigned, ["alice letters.8", "not alice", "nobody"]);
});

test("replicas do not part when it is switched on, nor by a snapshot in the middle (etcd #14571)", () => {
  const log = [...SETUP, put("a"), enable, put("a"), userAdd("x"), command(Opcode.expireLeases)];
  const whole = new World([]);
  for (const bytes of log) whole.apply(bytes);
  for (let cut = 0; cut <= log.length; cut += 1) {
    const first = new World([]);
    for (const bytes of log.slice(0, cut)) first.apply(bytes);
    const second = first.copy();
    for (const bytes of log.slice(cut)) second.apply(bytes);
    assert.equal(second.store.machine.hash(), whole.store.machine.hash(), `cut at ${cut}`);
    assert.equal(second.as("alice", put("b")), "permissionDenied");
  }
  assert.equal(whole.store.areas.auth.enabled, true);
  assert.equal(whole.store.areas.auth.users.user("x"), undefined, "it came in nobody's name");
});

test("the hash tells apart what users may do", () => {
  const hashes = new Set<number>();
  for (const extra of [[], [enable], [allow("r", READ, "c")], [allow("r", WRITE, "c")], [userAdd("bob")]]) {
    hashes.add(new World([...SETUP, ...extra]).store.machine.hash());
  }
  assert.equal(hashes.size, 5);
});

test("whatever is asked by whomever, replicas agree, and only what is allowed is done", () => {
  const user = fc.constantFrom("root", "alice", "bob", "nobody");
  const role = fc.constantFrom("r", "s", "root");
  const name = fc.constantFrom("a", "a1", "b", "c");
  const change = fc.oneof(
    user.map(userAdd),
    user.map((one) => named(AuthOpcode.userDelete, one)),
    role.map((one) => named(AuthOpcode.roleAdd, one)),
    role.map((one) => named(AuthOpcode.roleDelete, one)),
    fc.tuple(user, role).map(([one, other]) => userRole(AuthOpcode.userGrantRole, one, other)),
    fc.tuple(user, role).map(([one, other]) => userRole(AuthOpcode.userRevokeRole, one, other)),
    fc.tuple(role, fc.nat(2), name, name).map(([one, type, from, to]) => allow(one, type, from, to)),
    fc.constantFrom(enable, disable),
  );
  const step = fc.tuple(
    user,
    fc.oneof(
      change,
      name.map((one) => put(one)),
    ),
    fc.nat(2),
  );
  let [done, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(40), (steps, cut) => {
      const whole = new World();
      let other = new World();
      for (const [index, [who, bytes, age]] of steps.entries()) {
        const { users, accesses } = whole.store.areas.auth;
        const authRevision = Math.max(1, users.revision - age);
        const access = accesses.ofName(who);
        const isPut = bytes[0] === Opcode.put;
        const range = { key: bytes.subarray(3) };
        const allowed = access === undefined || (access !== "none" && isPut && access.mayWrite(range));
        const { enabled } = users;
        const answer = whole.as(who, bytes, authRevision);
        assert.equal(other.as(who, bytes, authRevision), answer);
        if (enabled && !allowed) assert.ok(["permissionDenied", "authOldRevision"].includes(answer), answer);
        if (isPut && enabled && age > 0 && answer === "ok") assert.equal(users.revision, authRevision);
        if (answer === "ok") done += 1;
        else refused += 1;
        if (index === cut) other = other.copy();
      }
      assert.equal(other.store.machine.hash(), whole.store.machine.hash());
    }),
    { seed: 11, numRuns: 300 },
  );
  assert.ok(done > 500 && refused > 500, `${done} done, ${refused} refused`);
});
