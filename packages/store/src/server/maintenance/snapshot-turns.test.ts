import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { AuthNode } from "../testing/auth-node.ts";

test("room that a write has made is used in the next turn, however fast the client reads", () => {
  const node = new AuthNode();
  const value = new Uint8Array(16 << 10).fill(7);
  for (let i = 0; i < 100; i += 1) node.store.machine.model.put({ key: encodeUtf8(`k${i}`), value }, 0);
  let messages = 0;
  let code: number | undefined;
  const stream = node.calls.open("/etcdserverpb.Maintenance/Snapshot", {
    onAnswer: () => {
      messages += 1;
      return 1; // always something that has yet to leave
    },
    onFinish: (status) => {
      code = status;
    },
    metadata: () => undefined,
  }) as number;
  node.calls.request(stream, new Uint8Array(0), true);
  node.run();
  assert.equal(messages, 1);
  for (let turns = 2; code === undefined; turns += 1) {
    node.calls.writable();
    node.calls.writable();
    assert.equal(messages, turns - 1, "nothing within the write");
    node.run();
    assert.equal(messages, turns, "one a turn, the checksum last");
  }
  assert.equal(code, 0);
  assert.ok(messages > 50, `${messages}`);
});
