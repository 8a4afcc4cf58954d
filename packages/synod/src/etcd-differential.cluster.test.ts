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

/** Each group of commands, in an order in which later ones see what earlier ones did. */
const COMMANDS: readonly string[] = [
  ...["put a 1", "put a 2 --prev-kv", "put b/1 x -w json", "put b/2 y", "get a", "get a -w json", "get --prefix b"],
  ...["get nothing", "get a --rev=99", "get a --rev=2 --print-value-only", "del a --prev-kv", "del nothing", "put"],
  ...['txn < value("b/1") = "x";;put t 1;get b/1;;get b/2;;', 'txn -w json < mod("t") > "99";;put t 1;;del t;;'],
  ...["watch b/1 --rev=1 | 3", "watch --prefix b --rev=2 -w json | 1"],
  ...[
    "lease grant 300",
    "lease timetolive $lease --keys",
    "put l v --lease=$lease",
    "lease list",
    "lease keep-alive $lease --once",
  ],
  ...["lease revoke $lease", "lease revoke $lease", "lease timetolive $lease", "get l"],
  ...["lock door echo held", "elect chair me | 2"],
  ...["compaction 3", "compaction 3", "compaction 999", "get a --rev=1", "watch a --rev=1 | 1"],
  ...["endpoint health", "endpoint status", "endpoint hashkv --rev=4", "defrag", "version"],
  ...["alarm list", "alarm disarm"],
];

/** The flags of those commands, the forms in which they print, and what is wrong. (etcd 3.4 lists alarms without a header in JSON.) */
const FLAGS: readonly string[] = [
  ...["put s/1 one", "put s/2 two", "put s/3 three", "put s/2 deux", "put s/1", "put s/4 --", "put s/0 < from input"],
  ...["put s/2 --ignore-value", "put s/9 --ignore-value", "put s/2 x --ignore-value", "put s/9 x --ignore-lease"],
  ...[
    "put s/1 x --lease=7f",
    "put s/1 x --lease=zz",
    "put s/1 x y",
    "put",
    "get",
    "del",
    "get s/1 s/3 s/5",
    "nonsense",
  ],
  ...["get s/1 s/3", "get --from-key s/2", "get --prefix s --limit=2", "get --prefix s --keys-only", "get --prefix="],
  ...[
    "get --prefix s --order=DESCEND",
    "get --prefix s --sort-by=MODIFY",
    "get --prefix s --sort-by=VALUE --order=ASCEND",
  ],
  ...[
    "get --prefix s --sort-by=VERSION --order=DESCEND --limit=1",
    "get --prefix s --sort-by=CREATE",
    "get --prefix s --order=UP",
  ],
  ...[
    "get --prefix s --sort-by=SIZE",
    "get --prefix s --consistency=s",
    "get --prefix s --consistency=x",
    "get --prefix --from-key s",
  ],
  ...[
    "get s/1 --hex",
    "get s/1 --rev=-1",
    "get s/1 --rev=0",
    "get s/1 --limit=-1",
    "get s/1 -w fields",
    "get --prefix s -w table",
  ],
  ...["get --prefix s -w json", "get s/1 -w yaml", "get s/1 -w simple", "get --prefix s --print-value-only"],
  ...["put s/5 v -w json", "put s/5 v -w fields", "put s/5 v --prev-kv -w fields", "put s/5 v -w table"],
  ...[
    "del s/5 -w json",
    "del s/0 --prev-kv -w fields",
    "del s/1 s/3 --prev-kv",
    "del --from-key s/3 -w fields",
    "del --prefix s",
    "del --prefix=",
  ],
  ...[
    "txn < bad",
    'txn < val("a") = "1";;get a;;;;',
    'txn < ver("q") = "0" ;c("q") < "5";;put q 1;del zz;;get q;;',
    "txn -w fields < ;get q;;;;",
  ],
  ...[
    "txn -w table < ;get q;;;;",
    'txn < lease("q") = "0";;put q 2;put q 3;;;;',
    'txn < mod("q") = "x";;;;',
    "txn < ;frob q;;;;",
  ],
  ...[
    "watch q --rev=1 --prev-kv -w fields",
    "watch q z --rev=1 | 3",
    "watch q --rev=1 -- echo changed | 1",
    "watch",
    "watch q --rev=x",
  ],
  ...["watch -i < watch q --rev=1 | 3", "watch -i < nonsense"],
  ...[
    "lease grant",
    "lease grant x",
    "lease grant 0",
    "lease grant 300 -w json",
    "lease grant 300",
    "lease list -w json",
  ],
  ...[
    "lease timetolive $lease -w json",
    "lease timetolive $lease --keys -w fields",
    "lease keep-alive $lease --once -w json",
  ],
  ...[
    "lease keep-alive 7f",
    "lease keep-alive 7f --once",
    "lease timetolive 7f -w json",
    "lease revoke 7f",
    "lease revoke zz",
    "lease revoke $lease -w json",
  ],
  ...["compaction", "compaction x", "compaction 4 --physical", "compaction 0", "defrag --cluster", "alarm frob"],
  ...[
    "lock",
    "lock door --ttl=5 echo held",
    "lock door sh -c false",
    "elect",
    "elect -l chair | 0",
    "member list -w json | 1",
  ],
  ...[
    "endpoint health --cluster",
    "endpoint health -w json",
    "endpoint status -w json",
    "endpoint hashkv -w json",
    "endpoint health nonsense",
  ],
  ...[
    "member add",
    "member add x",
    "member remove",
    "member remove zz",
    "member remove 1",
    "member update 1 --peer-urls=http://127.0.0.1:7",
    "member promote 1",
  ],
  ...[
    "user add",
    "user get nobody",
    "user delete nobody",
    "user passwd nobody --interactive=false < x",
    "user grant-role nobody r",
    "user revoke-role nobody r",
  ],
  ...[
    "role add",
    "role delete nothing",
    "role grant-permission nothing read a",
    "role grant-permission nothing frob a",
    "role revoke-permission nothing a",
  ],
  ...[
    "auth enable",
    "auth disable",
    "move-leader",
    "move-leader x",
    "snapshot status nothing.db",
    "snapshot save",
    "role list",
    "user list -w json",
  ],
];

const MEMBERS: readonly string[] = [
  ...[
    "member list",
    "member add extra --learner --peer-urls=http://127.0.0.1:1",
    "member list",
    "member promote $member",
  ],
  ...[
    "member add another --learner --peer-urls=http://127.0.0.1:3",
    "member update $member --peer-urls=http://127.0.0.1:2",
  ],
  ...["member remove $member", "member remove $member", "member add bad --peer-urls=nonsense"],
  ...["move-leader 1", "snapshot save $file"],
  ...[
    "role add r",
    "role add r",
    "role grant-permission r readwrite b --prefix",
    "role get r",
    "role list",
    "role get x",
  ],
  ...[
    "user add root:pw",
    "user add alice:pw",
    "user add alice:pw",
    "user grant-role root root",
    "user grant-role alice r",
  ],
  ...["user get alice --detail", "user list", "user grant-role alice x", "role revoke-permission r x"],
];

const AS_USERS: readonly string[] = [
  ...[
    "get b/1",
    "--user alice:pw get b/1",
    "--user alice:pw put b/3 z",
    "--user alice:pw get t",
    "--user alice:no get b/1",
  ],
  ...["--user alice:pw user list", "--user alice:pw user get alice", "--user alice:pw member list"],
  ...[
    "--user root:pw user passwd alice --interactive=false < new",
    "--user alice:new get b/3",
    "--user alice:new watch b/3 --rev=1 | 1",
  ],
  ...["--user root:pw lease grant 100", "--user root:pw endpoint health", "--user root:pw move-leader $follower"],
  ...["--user root:pw user revoke-role alice r", "--user alice:new get b/1", "--user root:pw role delete r"],
  ...["--user root:pw user delete alice", "--user root:pw user delete root", "--user root:pw auth disable", "get b/3"],
];

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
