/** Flags of etcd, given to it and to Synod. Needs the programs `openssl`, `etcd` and `python3`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { connect, type SecureVersion } from "node:tls";
import { StoreClient } from "@synod/client/store";
import { type Identity, TestAuthority } from "@synod/store/server/testing/certificates";
import { EtcdMember, type EtcdPlace, etcdPlaces } from "./cluster-test/etcd-member.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-etcd-flags-"));
const authority = new TestAuthority();
const server = authority.issue("server");
const client = authority.issue("client", "IP:127.0.0.1,DNS:localhost,DNS:client.example");
const started: EtcdMember[] = [];
let folders = 0;

after(async () => {
  await Promise.all(started.map((member) => member.stop()));
  rmSync(folder, { recursive: true, force: true });
  authority.remove();
});

type Program = "etcd" | "synod";
const PROGRAMS: readonly Program[] = ["etcd", "synod"];
/** etcd 3.4 has two ways to log, and only this one has levels. */
const ZAP = ["--logger=zap"];

function start(
  program: Program,
  self: EtcdPlace,
  all: readonly EtcdPlace[],
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): EtcdMember {
  const data = join(folder, `${program}-${folders++}`);
  const own = [
    ...["--name", self.name, "--data-dir", data, "--listen-client-urls", self.client, "--advertise-client-urls"],
    ...[self.client, "--listen-peer-urls", self.peer, "--initial-advertise-peer-urls", self.peer],
    ...["--initial-cluster", all.map(({ name, peer }) => `${name}=${peer}`).join(",")],
  ];
  const member = new EtcdMember(program, self, folder, [...own, ...flags], environment);
  started.push(member);
  return member;
}

/** Starts one member, and ends it after `use`. */
async function alone(
  program: Program,
  scheme: "http" | "https",
  flags: readonly string[],
  use: (self: EtcdPlace, member: EtcdMember) => Promise<void>,
): Promise<void> {
  const [place] = (await etcdPlaces(1)) as [EtcdPlace];
  const self = { ...place, client: place.client.replace("http:", `${scheme}:`) };
  const member = start(program, self, [self], flags);
  await member.ready();
  await use(self, member);
  await member.stop();
}

async function refusal(program: Program, flags: readonly string[]): Promise<string> {
  const [self] = (await etcdPlaces(1)) as [EtcdPlace];
  const member = start(program, self, [self], flags);
  assert.notEqual(await member.ended(), 0);
  return member.log;
}

const ownFiles = (prefix: "" | "peer-"): string[] => [
  `--${prefix}cert-file=${server.certFile}`,
  `--${prefix}key-file=${server.keyFile}`,
];
const askedFiles = (prefix: "" | "peer-"): string[] => [
  ...ownFiles(prefix),
  `--${prefix}trusted-ca-file=${authority.certFile}`,
  `--${prefix}client-cert-auth`,
];

/** What comes of a handshake: the protocol, and what was agreed on; "refused". */
function handshake(
  port: number,
  options: { ciphers?: string; minVersion?: SecureVersion; maxVersion?: SecureVersion },
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ca: authority.cert, ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.once("error", () => resolve("refused"));
  });
}

/** @returns the status; "refused" if the port does not talk to whom the certificate is for. */
function askWith(port: number, path: string, { cert, key }: Identity): Promise<number | "refused"> {
  return new Promise((resolve) => {
    const asking = request(
      `https://127.0.0.1:${port}${path}`,
      { ca: authority.cert, cert, key, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    asking.on("error", () => resolve("refused")).end();
  });
}

const MIB = 1 << 20;
const REQUEST_BYTES = 5 * MIB;
/** Of a put with a key of one byte: the fields' tags and lengths. */
const AROUND = 3 + 5;

suite("--max-request-bytes", () => {
  for (const program of PROGRAMS)
    test(`${program} takes requests of five mebibytes when it is told to, and refuses larger ones`, async () => {
      const all = await etcdPlaces(program === "synod" ? 3 : 1);
      const flag = `--max-request-bytes=${REQUEST_BYTES}`;
      const members = all.map((self) => start(program, self, all, [flag]));
      await Promise.all(members.map((member) => member.ready()));
      const store = new StoreClient({ endpoints: [all.at(-1)!.client], timeout: 15_000 });
      // What a proposal has around the request differs: a byte at Synod, some twenty at etcd.
      const most = REQUEST_BYTES - AROUND - (program === "synod" ? 1 : 30);
      await store.put("k", new Uint8Array(most));
      assert.equal((await store.get("k"))?.value.length, most);
      const over = program === "synod" ? 1 : 60;
      await assert.rejects(store.put("k", new Uint8Array(most + over)), /etcdserver: request is too large/);
      await assert.rejects(store.put("k", new Uint8Array(most + MIB)), /larger than max|request is too large/);
      await store.put("small", "v");
      if (program === "synod") {
        const value = Buffer.alloc(most - 100).toString("base64");
        const answer = await fetch(`${all[0]?.client}/v3/kv/put`, {
          method: "POST",
          body: `{"key":"aw==","value":"${value}"}`,
        });
        assert.equal(answer.status, 200, "over HTTP, too");
      }
      store.close();
      await Promise.all(members.map((member) => member.stop()));
    });
});

suite("TLS", () => {
  for (const program of PROGRAMS) {
    test(`${program} agrees on nothing but --cipher-suites`, async () => {
      const suites = "--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
      await alone(program, "https", [...ownFiles(""), suites], async ({ clientPort }) => {
        const with12 = (ciphers: string): Promise<string> => handshake(clientPort, { ciphers, maxVersion: "TLSv1.2" });
        assert.equal(await with12("ECDHE-ECDSA-AES128-GCM-SHA256"), "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256");
        assert.equal(await with12("ECDHE-ECDSA-AES256-GCM-SHA384"), "refused");
      });
    });

    test(`${program} refuses a cipher suite that it does not know, also beside one that it knows`, async () => {
      const given = "--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_NO_SUCH";
      assert.match(await refusal(program, [...ownFiles(""), given]), /unexpected TLS cipher suite \\?"TLS_NO_SUCH/);
    });

    test(`${program} takes only clients whose certificate is for --client-cert-allowed-hostname`, async () => {
      const flags = [...askedFiles(""), "--client-cert-allowed-hostname=client.example"];
      await alone(program, "https", flags, async ({ clientPort }) => {
        assert.equal(await askWith(clientPort, "/version", client), 200);
        assert.equal(await askWith(clientPort, "/version", server), "refused");
      });
    });

    for (const [flag, right] of [
      ["--peer-cert-allowed-hostname=client.example", client],
      ["--peer-cert-allowed-cn=client", client],
    ] as const)
      test(`${program} takes only peers with ${flag}`, async () => {
        const [self] = (await etcdPlaces(1)) as [EtcdPlace];
        const place = { ...self, peer: self.peer.replace("http:", "https:") };
        const member = start(program, place, [place], [...askedFiles("peer-"), flag]);
        await member.ready();
        assert.equal(await askWith(place.peerPort, "/members", right), 200);
        assert.equal(await askWith(place.peerPort, "/members", server), "refused");
        await member.stop();
      });
  }

  test("--tls-min-version and --tls-max-version bound the protocol", async () => {
    const only = (version: SecureVersion) => ({ minVersion: version, maxVersion: version });
    const asked = async (flag: string): Promise<string[]> => {
      const met: string[] = [];
      await alone("synod", "https", [...ownFiles(""), flag], async ({ clientPort }) => {
        for (const version of ["TLSv1.2", "TLSv1.3"] as const)
          met.push((await handshake(clientPort, only(version))).slice(0, 7));
      });
      return met;
    };
    assert.deepEqual(await asked("--tls-min-version=TLS1.3"), ["refused", "TLSv1.3"]);
    assert.deepEqual(await asked("--tls-max-version=TLS1.2"), ["TLSv1.2", "refused"]);
    const exchanged = ["--tls-min-version=TLS1.3", "--tls-max-version=TLS1.2"];
    assert.match(await refusal("synod", [...ownFiles(""), ...exchanged]), /min version .* is greater than max version/);
    const suites = "--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    assert.match(
      await refusal("synod", [...ownFiles(""), "--tls-min-version=TLS1.3", suites]),
      /cipher suites cannot be configured when only TLS1\.3 is enabled/,
    );
    assert.match(await refusal("synod", ["--tls-min-version=TLS1.1"]), /give TLS1\.2 or TLS1\.3/);
  });
});

/** A socket as systemd has it, which prints what it is told. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
print(s.recv(4096).decode(), flush=True)
`;

async function healthy({ client: url }: EtcdPlace): Promise<void> {
  const asked = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await asked())) await new Promise((resolve) => setTimeout(resolve, 50));
}

suite("supervision", () => {
  for (const program of PROGRAMS)
    test(`${program} tells systemd that it is ready, once it serves`, async () => {
      const path = join(folder, `${program}.sock`);
      const systemd = spawn("python3", ["-c", LISTENER, path], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        let heard = "";
        systemd.stdout.setEncoding("utf8").on("data", (text: string) => {
          heard += text;
        });
        const hear = async (pattern: RegExp): Promise<void> => {
          while (!pattern.test(heard)) await once(systemd.stdout, "data");
        };
        await hear(/^listening$/m);
        const [self] = (await etcdPlaces(1)) as [EtcdPlace];
        const member = start(program, self, [self], [], { NOTIFY_SOCKET: path });
        await hear(/^READY=1$/m);
        assert.equal((await fetch(`${self.client}/health`)).status, 200);
        await member.stop();
      } finally {
        systemd.kill();
      }
    });

  for (const program of PROGRAMS)
    test(`${program} writes its log to all --log-outputs, and only what --log-level asks for`, async () => {
      const [info, warn] = [join(folder, `${program}-info.log`), join(folder, `${program}-warn.log`)];
      const [self] = (await etcdPlaces(1)) as [EtcdPlace];
      const chatty = start(program, self, [self], [...ZAP, `--log-outputs=stdout,${info}`]);
      await healthy(self);
      await chatty.stop();
      assert.match(chatty.log, /"level":"info"/);
      const lines = readFileSync(info, "utf8").trim().split("\n");
      assert.ok(lines.length > 2);
      for (const line of lines) assert.equal(typeof (JSON.parse(line) as { level: string }).level, "string");
      const member = start(program, self, [self], [...ZAP, "--log-level=error", `--log-outputs=${warn}`]);
      await healthy(self);
      await member.stop();
      assert.ok(existsSync(warn));
      assert.doesNotMatch(readFileSync(warn, "utf8") + member.log, /"level":"(?:info|warn)"/);
      await refusal(program, [...ZAP, "--log-level=loud"]);
    });
});
