import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * Whatever ends this process, none of the nodes that it started outlives it. While it lives it ends them itself; should it
 * be killed, or crash, a shell beside it sees its standard input end and kills what was on the list that it was told last.
 * A node that stands still could not end itself, and etcd would not.
 */
const SCRIPT =
  'last=""; while read -r list; do last="$list"; done; for pid in $last; do kill -9 "$pid"; done 2>/dev/null';

const running: Set<ChildProcess> = new Set();
let list: Writable | undefined;

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** From now on this child is ended with us. */
export function mourn(child: ChildProcess): void {
  running.add(child);
  tell();
}

/** It has ended, and its id may soon be another's. */
export function release(child: ChildProcess): void {
  running.delete(child);
  tell();
}

function tell(): void {
  list ??= openList();
  const pids = [...running].map(({ pid }) => pid).filter((pid) => pid !== undefined);
  list.write(`${pids.join(" ")}\n`);
  if (running.size > 0) return;
  list.end();
  list = undefined;
}

function openList(): Writable {
  const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  shell.on("error", () => {}); // without a shell the nodes still end with an orderly end of ours
  shell.stdin.on("error", () => {});
  shell.unref();
  return shell.stdin;
}
