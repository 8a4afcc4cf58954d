import assert from "node:assert/strict";
import { test } from "node:test";
import type { Group, Requester } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeStateClaim } from "../../api/maintenance.ts";
import { AlarmOpcode } from "../../areas/alarms.ts";
import { createStoreMachine, type StoreMachine } from "../../machine.ts";
import { AlarmType } from "../../model/alarms.ts";
import type { StoreResult } from "../../state-machine.ts";
import { FakeGroup } from "../testing/fake-group.ts";
import { CorruptionGuard } from "./corruption-guard.ts";

const SECOND = 1_000_000;
const MEMBER = 0xa1n;

/** Members of one log, the first of which leads; each applies everything, on its own state. */
class Members {
  readonly stores: readonly StoreMachine[];
  readonly guards: readonly CorruptionGuard[];
  #now = 0;
  #index = 0;
  #log: { command: Uint8Array; requester: Requester<StoreResult> | undefined; token: number }[] = [];

  constructor(count: number) {
    this.stores = Array.from({ length: count }, () => createStoreMachine());
    const voters = this.stores.map((_, index) => index + 1);
    this.guards = this.stores.map((store, index) => {
      const group = new FakeGroup(store.machine, () => {});
      const role = index === 0 ? "leader" : "follower";
      const configuration = { voters, outgoing: [], learners: [] };
      group.status = { ...group.status, self: index + 1, role, configuration };
      const shared: Group<StoreResult> = Object.assign(group, {
        propose: (command: Uint8Array, requester: Requester<StoreResult>, token: number) => {
          this.#log.push({ command: command.slice(), requester, token });
        },
      });
      return new CorruptionGuard(shared, store.machine, store.areas.alarms, () => this.#now);
    });
  }

  /** Applied by all, at once. */
  propose(command: Uint8Array): void {
    this.#log.push({ command, requester: undefined, token: 0 });
    this.#apply();
  }

  /** Some seconds, with all members' ticks. */
  wait(seconds: number, present = this.guards): void {
    for (let i = 0; i < seconds * 10; i++) {
      this.#now += SECOND / 10;
      for (const guard of present) guard.tick();
      this.#apply();
    }
  }

  alarms(): readonly bigint[][] {
    return this.stores.map(({ areas }) => areas.alarms.alarms.list(AlarmType.CORRUPT).map(({ memberId }) => memberId));
  }

  #apply(): void {
    for (let next = this.#log.shift(); next !== undefined; next = this.#log.shift()) {
      const { command, requester, token } = next;
      this.#index++;
      const results = this.stores.map(({ machine }) => machine.apply(this.#index, 1, command));
      requester?.applied(token, results[0] as StoreResult);
    }
  }
}

/** AlarmRequest{action=ACTIVATE, memberID, alarm=CORRUPT} as a member or an operator proposes it. */
const raise = (byMember: boolean, memberId = MEMBER): Uint8Array =>
  Uint8Array.of(byMember ? 0x11 : 0x10, 8, 1, 16, ...varint(memberId), 24, 2);

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

function spoil(store: StoreMachine): void {
  store.machine.model.put({ key: encodeUtf8("k"), value: encodeUtf8("wrong") }, 1);
}

function repair(store: StoreMachine, from: StoreMachine): void {
  const chunks: Uint8Array[] = [];
  const snapshot = from.machine.snapshot();
  for (let next = snapshot.next(); next.done !== true; next = snapshot.next()) chunks.push(next.value.slice());
  store.machine.restore(chunks);
}

test("the alarm stays while states differ, and ends by itself once all voters have the same again", () => {
  const members = new Members(3);
  const [first, second] = members.stores as [StoreMachine, StoreMachine];
  spoil(second);
  members.propose(raise(true));
  members.propose(raise(true, 0xb2n));
  members.wait(20);
  assert.deepEqual(members.alarms(), Array(3).fill([MEMBER, 0xb2n]));
  repair(second, first);
  members.wait(10);
  assert.deepEqual(members.alarms(), [[], [], []]);
  assert.ok(members.stores.every(({ machine }) => machine.hash() === first.machine.hash()));
  assert.ok(!first.areas.alarms.isCorrupt);
});

test("a voter that says nothing may be wrong: without it nothing is cleared", () => {
  const members = new Members(3);
  members.propose(raise(true));
  members.wait(20, members.guards.slice(0, 2));
  assert.deepEqual(members.alarms()[0], [MEMBER]);
  members.wait(10);
  assert.deepEqual(members.alarms()[0], []);
});

test("an alarm that an operator has raised stays, and nothing is compared for it", () => {
  const members = new Members(2);
  members.propose(raise(false));
  members.wait(20);
  assert.deepEqual(members.alarms(), [[MEMBER], [MEMBER]]);
});

test("what was said of an earlier place does not count", () => {
  const members = new Members(2);
  const [first] = members.stores as [StoreMachine, StoreMachine];
  const claim = (index: number): Uint8Array => {
    const writer = new ProtobufWriter();
    writer.raw(Uint8Array.of(AlarmOpcode.claim));
    encodeStateClaim(writer, { node: 2, index, hash: first.machine.hash() });
    return writer.finish().slice();
  };
  members.propose(raise(true)); // at index 1, and the first comparison at 2
  members.wait(1, members.guards.slice(0, 1));
  members.wait(3, members.guards.slice(0, 1)); // another one by now
  members.propose(claim(2));
  members.wait(1, members.guards.slice(0, 1));
  assert.deepEqual(members.alarms(), [[MEMBER], [MEMBER]]);
  members.wait(5);
  assert.deepEqual(members.alarms(), [[], []]);
});
