/**
 * The JSON gateway of a node of Synod says the same as that of a node of etcd, on the same requests, good and bad; and the
 * clients that people have get by with it. Needs the programs `etcd` (Debian: etcd-server), `curl` and `python3`.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Cluster } from "./cluster-test/cluster.ts";
import { BAD_REQUESTS, type GatewayRequest, goodRequests, STREAMS } from "./cluster-test/gateway-requests.ts";
import { etcd, synod } from "./cluster-test/programs.ts";

const run = promisify(execFile);
const clusters: Cluster[] = [];

before(async () => {
  clusters.push(...(await Promise.all([Cluster.start(etcd, 1), Cluster.start(synod, 1)])));
});

after(async () => {
  await Promise.all(clusters.map((cluster) => cluster.destroy()));
});

function url(place: number): string {
  return `http://${clusters[place]!.addresses[0]}`;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks, and reads the whole answer, or as many lines of a stream as the request wants. */
async function ask(base: string, { path, body, lines }: GatewayRequest): Promise<Answer> {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error(`${base}${path} ${body}: not ${lines} lines`)), 5000);
  const response = await fetch(base + path, { method: "POST", body, signal: stop.signal });
  let text = "";
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (lines !== undefined && text.split("\n").length > lines) break;
    }
  } finally {
    clearTimeout(late);
    stop.abort();
  }
  const parts = text.split("\n").filter((line) => line !== "");
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const values = isJson ? parts.slice(0, lines).map((line) => normal(JSON.parse(line))) : parts;
  return { status: response.status, body: values };
}

/** What differs between any two clusters: who they are, how they count entries and bytes. */
const PARTICULARS = new Set([
  ...["cluster_id", "member_id", "raft_term", "leader", "version", "name", "peerURLs", "clientURLs"],
  ...[
    "dbSize",
    "dbSizeInUse",
    "dbSizeQuota",
    "raftIndex",
    "raftAppliedIndex",
    "raftTerm",
    "storageVersion",
    "downgradeInfo",
  ],
]);

/** What etcd 3.4 does not have yet. */
const SINCE_35 = new Set(["details", "dbSizeQuota", "storageVersion", "downgradeInfo"]);

function normal(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => normal(each, name));
  if (typeof value === "object" && value !== null) {
    const kept = Object.entries(value).filter(([key]) => !SINCE_35.has(key));
    return Object.fromEntries(kept.map(([key, each]) => [key, normal(each, key)]));
  }
  const particular = PARTICULARS.has(name) && !(name === "version" && Number(value) < 1000);
  return particular || (name === "ID" && String(value).length > 9) ? "…" : value;
}

/**
 * Where Synod differs from etcd 3.4 by intent. `details` is always there, because etcd 3.6 has it; what else:
 * - texts about malformed JSON are our own, and say where in the request the fault is;
 * - null in a list is an empty message; etcd 3.4 drops the connection (so it is not asked for here);
 * - a malformed request on a stream is the client's fault (400, code 3), not the server's (500, code 2);
 * - Alarm and Defragment answer with a header, and an unknown sort order or target is refused (so neither is asked for here);
 * - FailedPrecondition is 400 and ResourceExhausted 429, as from etcd 3.5 on, not 412 and 403.
 */
function asOf35({ status, body }: Answer): Answer {
  const [first] = body as { error?: unknown; message?: string; code?: number }[];
  if (first === undefined || typeof first.error !== "string") return { status, body };
  const own = first.message?.startsWith("etcdserver: ") === true || first.message?.startsWith("context ") === true;
  if (own) return { status: first.code === 9 ? 400 : first.code === 8 ? 429 : status, body };
  return { status: 400, body: "malformed" };
}

test("several hundred requests are answered as etcd answers them", async () => {
  const requests = goodRequests(400);
  let successes = 0;
  for (const [i, request] of requests.entries()) {
    const [expected, actual] = await Promise.all([ask(url(0), request), ask(url(1), request)]);
    assert.deepEqual(asOf35(actual), asOf35(expected), `request ${i}: ${request.path} ${request.body}`);
    if (actual.status === 200) successes++;
  }
  assert.ok(successes > 250, `only ${successes} were not refused`);
});

test("bad requests are refused as etcd refuses them", async () => {
  for (const request of BAD_REQUESTS) {
    const [expected, actual] = await Promise.all([ask(url(0), request), ask(url(1), request)]);
    assert.deepEqual(asOf35(actual), asOf35(expected), `${request.path} ${request.body}`);
  }
});

test("streams begin with the same lines", async () => {
  for (const request of STREAMS) {
    const [expected, actual] = await Promise.all([ask(url(0), request), ask(url(1), request)]);
    assert.deepEqual(asOf35(actual), asOf35(expected), `${request.path} ${request.body}`);
  }
});

test("curl puts, in chunks and in several requests on one connection", async () => {
  const base = url(1);
  const put = '{"key":"Y3VybA==","value":"MQ=="}';
  const chunked = ["-sS", "-H", "Transfer-Encoding: chunked", "-d", put, `${base}/v3/kv/put`];
  assert.match((await run("curl", chunked)).stdout, /"revision"/);
  const range = ["-d", '{"key":"Y3VybA=="}', `${base}/v3/kv/range`];
  const { stdout } = await run("curl", [
    "-sS",
    "-w",
    "\n%{num_connects}\n",
    ...range,
    "--next",
    "-sS",
    "-w",
    "\n%{num_connects}\n",
    ...range,
  ]);
  const [first, connects, second, more] = stdout.trim().split("\n");
  assert.equal(first, second);
  assert.deepEqual([connects, more], ["1", "0"]);
  const expect = ["-sS", "-H", "Expect: 100-continue", "-T", "-", "-X", "PUT", `${base}/api/store/keys/curl`];
  const child = run("curl", expect);
  child.child.stdin!.end("2");
  assert.match((await child).stdout, /"revision"/);
  assert.equal((await run("curl", ["-sS", `${base}/api/store/keys/curl`])).stdout, "2");
});

/** What Patroni's client of the gateway does: one line of JSON at a time, over the standard library alone. */
const PATRONI = `
import base64, json, sys, urllib.request
base = sys.argv[1]
b64 = lambda text: base64.b64encode(text.encode()).decode()
def post(path, body):
    request = urllib.request.Request(base + '/v3' + path, json.dumps(body).encode())
    return urllib.request.urlopen(request, timeout=5)
call = lambda path, body: json.load(post(path, body))
version = json.load(urllib.request.urlopen(base + '/version'))
assert tuple(int(part) for part in version['etcdserver'].split('.')) >= (3, 4), version
members = call('/cluster/member/list', {})['members']
assert all(member['clientURLs'] for member in members), members
lease = call('/lease/grant', {'TTL': 30})['ID']
key, prefix = b64('/service/demo/leader'), b64('/service/demo/')
end = b64('/service/demo0')
create = {'compare': [{'target': 'CREATE', 'create_revision': '0', 'key': key}],
          'success': [{'request_put': {'key': key, 'value': b64('one'), 'lease': lease}}]}
assert call('/kv/txn', create)['succeeded']
assert 'succeeded' not in call('/kv/txn', create)
found = call('/kv/range', {'key': prefix, 'range_end': end, 'serializable': True})
revision = int(found['header']['revision'])
mod = found['kvs'][0]['mod_revision']
with post('/watch', {'create_request': {'key': prefix, 'range_end': end, 'start_revision': str(revision + 1)}}) as watch:
    assert json.loads(watch.readline())['result']['created']
    change = {'compare': [{'target': 'MOD', 'mod_revision': mod, 'key': key}],
              'success': [{'request_put': {'key': key, 'value': b64('two'), 'lease': lease}}]}
    assert call('/kv/txn', change)['succeeded']
    event = json.loads(watch.readline())['result']['events'][0]
    assert event['kv']['value'] == b64('two') and event['kv']['lease'] == lease, event
assert json.loads(post('/lease/keepalive', {'ID': lease}).readline())['result']['TTL'] == '30'
assert call('/kv/deleterange', {'key': key})['deleted'] == '1'
try:
    call('/lease/revoke', {'ID': '1'})
    raise SystemExit('an unknown lease was revoked')
except urllib.error.HTTPError as error:
    assert json.load(error)['error'] == 'etcdserver: requested lease not found'
print('done')
`;

test("Patroni's way with the gateway works", async () => {
  for (const base of [url(0), url(1)]) {
    const { stdout } = await run("python3", ["-c", PATRONI, base], { timeout: 15_000 });
    assert.equal(stdout, "done\n");
  }
});

test("a page's way works: a watch over a WebSocket, and changes as events, while others write", async () => {
  const base = url(1);
  const socket = new WebSocket(`${base.replace("http", "ws")}/v3/watch`);
  const told: string[] = [];
  const wanted = Promise.withResolvers<void>();
  socket.addEventListener("open", () => socket.send('{"create_request":{"key":"cGFnZQ=="}}'));
  socket.addEventListener("message", ({ data }) => {
    const { result } = JSON.parse(String(data));
    for (const { kv } of result.events ?? []) told.push(Buffer.from(kv.value, "base64").toString());
    if (result.created === true) void write();
    if (told.length === 3) wanted.resolve();
  });
  const write = async (): Promise<void> => {
    for (const value of ["1", "2", "3"]) await fetch(`${base}/api/store/keys/page?value=${value}`, { method: "PUT" });
  };
  await wanted.promise;
  socket.close();
  assert.deepEqual(told, ["1", "2", "3"]);
});

test("a node's HTTP port serves the same, beside what it says of itself", async () => {
  const { httpPort } = clusters[1]!.nodes[0]!.plan;
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/store/status`);
  assert.equal(((await answer.json()) as { raftTerm: number }).raftTerm > 0, true);
  assert.equal((await fetch(`http://127.0.0.1:${httpPort}/livez`)).status, 200);
});
