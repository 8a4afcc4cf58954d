import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, test } from "node:test";
import { freePorts, hold } from "./ports.ts";

const PORTS_MODULE = JSON.stringify(new URL("./ports.ts", import.meta.url).href);
const children: ChildProcess[] = [];
afterEach(() => Promise.all(children.splice(0).map(end)));

test("nobody is given a port twice, and none that the system may give to a connection", async () => {
  const [some, others, many] = await Promise.all([freePorts(9), freePorts(15), freePorts(60)]);
  const all = [...some, ...others, ...many];
  assert.equal(new Set(all).size, 84);
  assert.ok(Math.min(...all) > 28_170, "above the ports of a cluster with an offset");
  assert.ok(Math.max(...all) < 32_768);
});

test("a port at which a stranger listens is passed over", async () => {
  const [port] = (await freePorts(1)) as [number];
  const stranger = createServer().listen(port + 1, "127.0.0.1");
  await once(stranger, "listening");
  const next = await freePorts(2);
  assert.deepEqual(next, [port + 2, port + 3]);
  stranger.close();
});

test("processes that ask at once are given different ports", async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => ask("await freePorts(50)")));
  const ports = answers.flatMap(({ answer }) => answer as number[]);
  assert.equal(new Set([...ports, ...(await freePorts(10))]).size, 4 * 50 + 10);
});

test("what a process holds is nobody's until it ends, be it killed", async () => {
  const [port] = (await freePorts(1)) as [number];
  const { child, answer } = await ask(`await hold(${port})`);
  assert.equal(answer, true);
  assert.equal(await hold(port), false);
  await end(child);
  assert.equal(await hold(port), true);
});

/** What the expression comes to in a process of its own, which then waits to be killed. */
async function ask(expression: string): Promise<{ child: ChildProcess; answer: unknown }> {
  const code = `const { freePorts, hold } = await import(${PORTS_MODULE});
    console.log(JSON.stringify(${expression}));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, answer: JSON.parse(line.toString()) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
