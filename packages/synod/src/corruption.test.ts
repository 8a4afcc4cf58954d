import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "@synod/runtime/log/logger";
import { createStoreMachine } from "@synod/store/machine";
import { AlarmType } from "@synod/store/model/alarms";
import { FakeGroup } from "@synod/store/server/testing/fake-group";
import { corruptAlarm } from "./corruption.ts";

test("where nobody knows who is right, the alarm is raised once, by the member that saw it, and data is locked", () => {
  const store = createStoreMachine();
  const group = new FakeGroup(store.machine, () => {});
  const lines: string[] = [];
  const logger = createLogger({ node: "n1", sink: { write: (line) => void lines.push(line), flush: () => {} } });
  const raise = corruptAlarm(store, "a1", () => group, logger);
  raise("the states differ");
  raise("the states differ");
  assert.equal(group.proposed, 1);
  group.turn();
  raise("the states differ");
  assert.equal(group.proposed, 1);
  assert.ok(store.areas.alarms.isCorrupt);
  assert.deepEqual(store.areas.alarms.alarms.list(AlarmType.CORRUPT), [
    { memberId: 0xa1n, alarm: AlarmType.CORRUPT, automatic: true },
  ]);
  assert.match(lines.join(""), /the states differ; until all have the same, the alarm CORRUPT is in force/);

  // Cleared, it is not raised again for what was known before, but for what differs next.
  store.areas.alarms.alarms.clear(0xa1n, AlarmType.CORRUPT);
  store.areas.alarms.isCorrupt = false;
  raise("the states differ");
  assert.equal(group.proposed, 1);
  raise("the states differ at a later index");
  assert.equal(group.proposed, 2);
});
