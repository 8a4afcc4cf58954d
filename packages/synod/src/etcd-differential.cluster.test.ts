/**
 * Three members started by the same launch script, once as etcd and once as Synod, are told the same by each group of
 * etcdctl's commands (those that need no minute: not `check`, `make-mirror`, `migrate`), with and without TLS and users: both
 * say the same on both outputs and end with the same code; compaction by users, which etcd 3.4 allows, is left out. Needs `etcd`, `etcdctl` and `openssl`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { TestAuthority } from "@synod/store/server/testing/certificates";
import { EtcdMember, type EtcdProgram, etcdPlaces } from "./cluster-test/etcd-member.ts";
import { AS_USERS, COMMANDS, FLAGS, MEMBERS } from "./cluster-test/etcdctl-commands.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-differential-"));
const authority = new TestAuthority();
const server = authority.issue("server");
const root = authority.issue("root");
const started = new Set<EtcdMember>();

after(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
  authority.remove();
});

async function stopAll(): Promise<void> {
  await Promise.all([...started].map((member) => member.stop()));
  started.clear();
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** One cluster, and what its answers have named so far: `$lease`, `$member`. */
class Told {
  readonly #flags: readonly string[];
  readonly #names = new Map<string, string>();
  readonly #snapshot: string;

  constructor(program: EtcdProgram, flags: readonly string[]) {
    this.#flags = flags;
    this.#snapshot = join(folder, `${program}.db`);
  }

  /** @param line as it is typed after `etcdctl`; `… | n`: ends it after n lines; `… < text` is its input, with `;` for ends of lines. */
  async tell(line: string): Promise<Said> {
    const [, typed = "", , input, , lines] = /^(.*?)( < (.*?))?( \| (\d+))?$/.exec(line) ?? [];
    const args = typed.split(" ").map((word) => this.#named(word));
    const said = await this.#run([...this.#flags, ...args], input?.replaceAll(";", "\n") ?? "", Number(lines ?? 0));
    this.#learn(said.stdout);
    return { ...said, stdout: normal(typed, said.stdout), stderr: normal(typed, said.stderr) };
  }

  /** A member that does not lead. */
  async learnFollower(): Promise<void> {
    const { stdout } = await this.#run([...this.#flags, "endpoint", "status"], "", 0);
    const follower = stdout.split("\n").find((line) => line.split(", ")[4] === "false");
    this.#names.set("$follower", follower?.split(", ")[1] ?? "");
  }

  #named(word: string): string {
    return word === "$file" ? this.#snapshot : word.replace(/^\$[a-z]+$/, (name) => this.#names.get(name) ?? name);
  }

  #learn(text: string): void {
    const lease = /lease ([0-9a-f]+) granted/.exec(text)?.[1];
    const member = /Member +([0-9a-f]+) added/.exec(text)?.[1];
    if (lease !== undefined) this.#names.set("$lease", lease);
    if (member !== undefined) this.#names.set("$member", member);
  }

  #run(args: readonly string[], input: string, lines: number): Promise<Said> {
    const child = spawn("etcdctl", args, { env: { ...process.env, ETCDCTL_API: "3" } });
    const said = { stdout: "", stderr: "" };
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    let ended = false;
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
        if (lines === 0 || said.stdout.split("\n").length <= lines) return;
        ended = true;
        child.kill("SIGKILL");
      });
    child.stdin.on("error", () => {}); // a command that reads nothing may have ended already
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve({ ...said, code: ended ? null : code }); // it may have ended just before it was ended
      });
    });
  }
}

/** What may differ between two clusters that were told the same: who they are, where, how long it took, how large it is. */
function normal(typed: string, text: string): string {
  const masked = text
    .replaceAll(/https?:\/\/(127\.0\.0\.1:\d+)/g, "$1")
    .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS")
    .replaceAll(/("(?:cluster_id|member_id|ID|leader|lease|id)" ?: ?)\d{6,}/g, "$1ID")
    .replaceAll(/("(?:raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|ts)" ?: ?)[\d.]+/g, "$1N")
    .replaceAll(/("(?:ClusterID|MemberID|RaftTerm)" : )\d+/g, "$1N")
    .replaceAll(/("hash":)\d+/g, "$1N") // locks' keys are named by their leases
    .replaceAll(/("took":")[^"]*/g, "$1TIME")
    .replaceAll(/0x[0-9a-f]+\??|\{0x.*/g, "0x") // where in memory the client panicked
    .replaceAll(/("version" ?: ?)"3\.\d+\.\d+"/g, '$1"3.x"')
    .replaceAll(/ *\b(?:(?=[0-9]*[a-f])[0-9a-f]{11,16}|\d{14,16})\b/g, " HEX")
    .replaceAll(/infra\d/g, "infraN")
    .replace(/^(ETCD_INITIAL_CLUSTER=)"(.*)"$/m, (_line, name, entries) => name + entries.split(",").sort())
    .replaceAll(/(took =|remaining\() ?[\d.]+(ms|µs|s)?/g, "$1TIME")
    .replaceAll(/^\{"level".*\n/gm, "") // what the client's own library logs
    .replaceAll(/(synod|etcd)\.db/g, "FILE");
  // Of several endpoints, whoever answers first is first; who leads is chance, and so is the order of ids.
  if (!/^(endpoint|member)/.test(typed)) return masked;
  const ofStatus = masked.replaceAll(
    /3\.\d+\.\d+, [\d.]+ [kM]?B, (true|false), (true|false), \d+, \d+, \d+,/g,
    "STATUS,",
  );
  return ofStatus.split("\n").sort().join("\n");
}

async function start(program: EtcdProgram, secure: boolean): Promise<Told> {
  const all = await etcdPlaces(3, secure ? "https" : "http");
  const files = (prefix: string): string[] => [
    ...[`--${prefix}cert-file=${server.certFile}`, `--${prefix}key-file=${server.keyFile}`],
    ...[`--${prefix}trusted-ca-file=${authority.certFile}`, `--${prefix}client-cert-auth`],
  ];
  const flags = ["--bcrypt-cost=4", ...(secure ? [...files(""), ...files("peer-")] : [])];
  const data = (name: string): string[] => ["--data-dir", join(folder, program, String(secure), name)];
  const members = all.map((self) => EtcdMember.launch(program, folder, self, all, [...flags, ...data(self.name)]));
  for (const member of members) started.add(member);
  await Promise.all(members.map((member) => member.ready()));
  const proof = secure ? ["--cacert", authority.certFile, "--cert", root.certFile, "--key", root.keyFile] : [];
  return new Told(program, ["--endpoints", all.map(({ client }) => client).join(","), ...proof]);
}

for (const secure of [false, true]) {
  test(`etcdctl is told the same, with users, ${secure ? "over TLS" : "plainly"}`, { timeout: 120_000 }, async () => {
    const [theirs, ours] = await Promise.all([start("etcd", secure), start("synod", secure)]);
    const compare = async (lines: readonly string[]): Promise<void> => {
      for (const line of lines) {
        const [expected, actual] = await Promise.all([theirs.tell(line), ours.tell(line)]);
        assert.deepEqual(actual, expected, `etcdctl ${line}`);
      }
    };
    const began = performance.now();
    await compare(COMMANDS);
    await compare(FLAGS);
    // etcd calls a cluster unhealthy until its members have been connected for five seconds.
    await delay(Math.max(0, began + 6000 - performance.now()));
    await compare(MEMBERS);
    await Promise.all([theirs.learnFollower(), ours.learnFollower()]);
    // With TLS the certificate's name is a user, too: root.
    await compare(["auth enable", ...AS_USERS]);
    await stopAll();
  });
}
