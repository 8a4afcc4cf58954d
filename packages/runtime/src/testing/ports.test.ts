import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { freePorts, hold } from "./ports.ts";

const PORTS_MODULE = JSON.stringify(new URL("./ports.ts", import.meta.url).href);

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

test("processes that ask at once are given different ports, and may take each other's only when one has ended", async () => {
  const children = await Promise.all(Array.from({ length: 4 }, () => startTaker()));
  const ports = children.flatMap((child) => child.ports);
  assert.equal(new Set([...ports, ...(await freePorts(10))]).size, 4 * 50 + 10);
  const [first, second] = children as [Taker, Taker];
  // The block's first port, which its process listens at and gives to nobody.
  const sign = (first.ports[0] as number) - 1;
  assert.equal(await hold(sign), false);
  await end(first.process);
  assert.equal(await hold(sign), true);
  assert.equal(await hold((second.ports[0] as number) - 1), false);
  await Promise.all(children.map((child) => end(child.process)));
});

interface Taker {
  readonly process: ChildProcess;
  readonly ports: number[];
}

/** A process that takes 50 ports, which are more than a block, and then waits to be killed. */
async function startTaker(): Promise<Taker> {
  const code = `const { freePorts } = await import(${PORTS_MODULE});
    console.log(JSON.stringify(await freePorts(50)));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { process: child, ports: JSON.parse(line.toString()) as number[] };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
