/**
 * The README as its reader lives it: every command of its `sh` blocks is run, in order, in one folder. Commands that go on
 * (a cluster, a watch) stay until the end, as they would in another terminal.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePortOffset } from "../packages/synod/src/testing/run.ts";
import { root, sources } from "./sources.ts";

/** What a command that does not end says when it is at work. */
const goesOn: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:npm start|npx synod up)\b/, /ready in/],
  [/^npx synod (?:kv watch|status --watch)\b/, /watching|\bnode\b/],
];
/** What a command must print, where ending well is not enough. */
const prints: Readonly<Record<string, RegExp>> = {
  "npx synod kv get door": /^open$/m,
  "npx synod status": /leader/,
  'etcdctl get --prefix ""': /^door\nshut$/m,
  "curl localhost:2379/api/store/keys/door": /^open$/m,
};
const patience = 60_000;

test("the README's commands do what it says", { timeout: 180_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), "synod-readme-"));
  const offset = await freePortOffset(3);
  const environment = {
    ...process.env,
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    SYNOD_DATA: data,
    SYNOD_PORT_OFFSET: String(offset),
    ETCDCTL_API: "3",
    ETCDCTL_ENDPOINTS: `127.0.0.1:${2379 + offset}`,
    NO_COLOR: "1",
  };
  const running: ChildProcess[] = [];
  try {
    for (const command of commands("README.md")) {
      await run(command, command.replace("localhost:2379", `localhost:${2379 + offset}`), environment, running);
    }
  } finally {
    for (const child of running.reverse()) await end(child);
    rmSync(data, { recursive: true, force: true });
  }
});

test("every sh block of the documents is the README's, where it is run", () => {
  const others = sources(".", [".md"]).filter(({ path, text }) => path !== "README.md" && /^```sh$/m.test(text));
  assert.deepEqual(
    others.map(({ path }) => path),
    [],
    "write ```text, or move it to the README",
  );
});

function commands(path: string): string[] {
  const text = sources(".", [".md"]).find((source) => source.path === path)?.text ?? "";
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
  const lines = blocks.flatMap((block) => block.split("\n")).filter((line) => line !== "");
  assert.ok(lines.length > 0, `${path} has no commands`);
  return lines.map((line) => line.replace(/^npm install && /, "")); // without it, this test would not run
}

/** @param line the command with the ports of this test */
async function run(
  command: string,
  line: string,
  environment: NodeJS.ProcessEnv,
  running: ChildProcess[],
): Promise<void> {
  const sign = goesOn.find(([pattern]) => pattern.test(command))?.[1];
  const child = spawn("bash", ["-c", `exec ${line}`], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const done = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${command}: not done within ${patience} ms:\n${output}`)),
      patience,
    );
    const heard = (text: string): void => {
      output += text;
      if (sign?.test(output)) resolve();
    };
    child.stdout?.setEncoding("utf8").on("data", heard);
    child.stderr?.setEncoding("utf8").on("data", heard);
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code === 0 && sign === undefined) resolve();
      else reject(new Error(`${command}: ended with ${code}:\n${output}`));
    });
  });
  if (sign !== undefined) running.push(child);
  await done;
  assert.match(output, prints[command] ?? /(?:)/, command);
}

/** Ends the process group: npm, the shell below it and the program. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  process.kill(-(child.pid as number), "SIGINT");
  await closed;
}
