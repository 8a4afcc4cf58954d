/** Every program in examples/ runs to its end and says what it should, here against a real etcd. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { Etcd } from "../packages/client/src/testing/etcd.ts";
import { root, sources } from "./sources.ts";

const expected: Readonly<Record<string, RegExp>> = {
  "examples/lock.ts": /^Ada prints: true\nGrace prints: true\n.*prints: false\non the paper: Grace's page\n$/m,
  "examples/configuration.ts": /^read at the start: colour=red, size=10\nreloaded: colour=blue, size=12\n$/,
  "examples/fenced-lock.ts":
    /^Ada holds .* gets undefined\nGrace holds .*: true\nGrace writes: true\nAda wakes .*: false\non the page: Grace's page\n$/,
  "examples/leader-election.ts":
    /(?:(?:observed: .*\n)*.* leads and works: true\n){3}(?:observed: .*\n)*nobody leads any more\n$/,
  "examples/service-registry.ts":
    /^listed: a at 10.0.0.1:25 \(east\)\nlisted: a at .*, b at .* \(anywhere\)\nlisted: b at .*\nlisted: nobody\n$/,
  "examples/election.ts": /^worker one leads\n.*exactly one of the others leads\nand then the last one\n$/,
};

let etcd: Etcd;
before(async () => {
  etcd = await Etcd.start();
});
after(() => etcd.stop());

test("each example is run here", () => {
  assert.deepEqual(
    Object.keys(expected).sort(),
    sources("examples", [".ts"])
      .map(({ path }) => path)
      .filter((path) => !path.startsWith("examples/property-kit/")), // by property-kit.test.ts, without etcd
  );
});

for (const [path, output] of Object.entries(expected)) {
  test(`${path} does what it says`, async () => {
    const program = spawn(process.execPath, [path, etcd.endpoint], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(program, "exit");
    const [printed, complained] = await Promise.all([text(program.stdout), text(program.stderr)]);
    assert.equal((await ended)[0], 0, complained);
    assert.match(printed.replace(/^.* waits\n/gm, ""), output);
  });
}
