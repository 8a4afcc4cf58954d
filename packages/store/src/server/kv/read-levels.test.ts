import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodePutRequest } from "../../api/put.ts";
import { decodeRangeResponse, encodeRangeRequest } from "../../api/range.ts";
import { Opcode } from "../../state-machine.ts";
import { AuthNode, type Made } from "../testing/auth-node.ts";

const MS = 1000;
const key = encodeUtf8("k");

/** A read of `k` and what has been told of it. */
interface Read extends Made {
  readonly told: Readonly<Record<string, string>>;
}

/** A follower that hears of writes when the test says so. */
class Follower extends AuthNode {
  constructor() {
    super();
    this.group.become({ role: "follower", leader: 2 });
    this.now = 50_000 * MS;
  }

  write(): void {
    this.apply(Opcode.put, (w) => encodePutRequest(w, { key, value: encodeUtf8("v") }));
  }

  /** The other nodes are out of reach: nobody confirms that this one is fresh. */
  cut(): void {
    this.group.failure = "timedOut";
  }

  pass(time: number): void {
    this.now += time;
    this.service.tick();
    this.run();
  }

  read(metadata: Record<string, string>, serializable = false): Read {
    const told: Record<string, string> = {};
    const made: Read = { stream: 0, messages: [], code: undefined, text: "", told };
    const stream = this.calls.open("/etcdserverpb.KV/Range", {
      onHeaders: (fields) => Object.assign(told, Object.fromEntries(fields)),
      onAnswer: (message) => {
        const { header } = decodeRangeResponse(this.service.read(message.slice()));
        told.header = String(header.revision);
        return 0;
      },
      onFinish: (code, text) => Object.assign(made, { code, text }),
      metadata: (name) => metadata[name],
    }) as number;
    this.send(
      made.stream === stream ? made : { ...made, stream },
      (w) => encodeRangeRequest(w, { key, serializable }),
      true,
    );
    this.run();
    return made;
  }
}

const bounded = (ms: number): Record<string, string> => ({
  "synod-consistency": "bounded",
  "synod-max-staleness": String(ms),
});
const session = (revision: number): Record<string, string> => ({
  "synod-consistency": "session",
  "synod-session-revision": String(revision),
});
const plain = (level: string): Record<string, string> => ({ "synod-consistency": level });

test("a read that says nothing is as it always was, and is told nothing", () => {
  const node = new Follower();
  const read = node.read({});
  assert.deepEqual([read.code, read.told, node.group.reads], [0, { header: "1" }, 1]);
  node.read({}, true);
  assert.equal(node.group.reads, 1);
});

test("linearizable: confirmed by the others, or refused", () => {
  const node = new Follower();
  node.group.onRead = () => node.write();
  const read = node.read(plain("linearizable"), true);
  assert.deepEqual(read.told, {
    "synod-consistency": "linearizable",
    "synod-revision": "2",
    "synod-staleness-ms": "0",
    header: "2",
  });
  node.cut();
  assert.deepEqual(outcome(node.read(plain("linearizable"))), [14, "etcdserver: request timed out"]);
});

test("lease: what has been reached says whether the cluster reads by lease", () => {
  const node = new Follower();
  assert.equal(node.read(plain("lease")).told["synod-consistency"], "linearizable");
  Object.assign(node.group, { readsByLease: true });
  assert.equal(node.read(plain("lease")).told["synod-consistency"], "lease");
  assert.equal(node.read(plain("linearizable")).told["synod-consistency"], "lease", "no more than is true");
});

test("serializable: what this node has, though nobody can say how old that is", () => {
  const node = new Follower();
  node.cut();
  const { code, told } = node.read(plain("serializable"));
  assert.deepEqual([code, told["synod-consistency"], told["synod-staleness-ms"]], [0, "serializable", "unknown"]);
  assert.equal(node.group.reads, 0);
});

test("session: never before what the client has seen; it waits for it, and not for ever", () => {
  const node = new Follower();
  node.cut();
  const seen = node.read(session(1));
  assert.deepEqual([seen.code, seen.told.header], [0, "1"]);
  const waiting = node.read(session(3));
  node.write();
  node.pass(100 * MS);
  assert.equal(waiting.code, undefined, "revision 2 is not enough");
  node.write();
  node.pass(100 * MS);
  assert.deepEqual([waiting.code, waiting.told.header, waiting.told["synod-consistency"]], [0, "3", "session"]);
  const never = node.read(session(9));
  node.pass(6900 * MS);
  assert.equal(never.code, undefined);
  node.pass(200 * MS);
  assert.deepEqual(outcome(never), [14, "etcdserver: request timed out"]);
  assert.equal(node.service.levels.waitingCount, 0);
});

test("session: who waits while the client goes away is answered to nobody", () => {
  const node = new Follower();
  const waiting = node.read(session(2));
  node.calls.cancelAll();
  node.write();
  node.pass(100 * MS);
  assert.deepEqual([waiting.code, waiting.told], [undefined, {}]);
});

test("bounded: asks once, then serves what is proven to be fresh enough, and tells how stale it may be", () => {
  const node = new Follower();
  const first = node.read(bounded(1000));
  assert.equal(first.told["synod-consistency"], "linearizable", "nothing was proven yet");
  node.pass(400 * MS);
  const second = node.read(bounded(1000));
  assert.deepEqual([second.told["synod-consistency"], second.told["synod-staleness-ms"]], ["bounded", "400"]);
  assert.equal(node.group.reads, 1);
  node.pass(200 * MS);
  node.read(bounded(1000));
  assert.equal(node.group.reads, 2, "beyond half of the bound it asks ahead");
  node.pass(500 * MS);
  assert.equal(node.read(bounded(1000)).told["synod-staleness-ms"], "500");
});

test("bounded: cut off, it answers up to the bound and not beyond", () => {
  const node = new Follower();
  node.read(bounded(1000));
  node.cut();
  node.pass(1000 * MS);
  assert.equal(node.read(bounded(1000)).told["synod-staleness-ms"], "1000");
  node.pass(1);
  assert.deepEqual(outcome(node.read(bounded(1000))), [14, "etcdserver: request timed out"]);
  assert.equal(node.read(bounded(5000)).told["synod-staleness-ms"], "1001", "rounded up");
});

test("bounded: the proof is of the time when it was asked for, not of when it came", () => {
  const node = new Follower();
  node.group.onRead = () => {
    node.now += 800 * MS;
  };
  node.read(bounded(1000));
  node.group.onRead = undefined;
  assert.equal(node.read(bounded(1000)).told["synod-staleness-ms"], "800");
});

test("wishes that are none are refused with what would be one", () => {
  const node = new Follower();
  for (const [metadata, text] of [
    [plain("strong"), 'there is no synod-consistency "strong": use one of linearizable, lease, session'],
    [plain("session"), "needs synod-session-revision"],
    [{ ...session(1), "synod-session-revision": "-1" }, "needs synod-session-revision"],
    [plain("bounded"), "needs synod-max-staleness"],
  ] as const) {
    const read = node.read(metadata);
    assert.equal(read.code, 3);
    assert.ok(read.text.includes(text), read.text);
  }
});

test("a learner serves what is served from its own state", () => {
  const node = new Follower();
  node.service.isLearner = true;
  assert.deepEqual(outcome(node.read(plain("lease"))), [9, "etcdserver: rpc not supported for learner"]);
  assert.deepEqual(outcome(node.read(bounded(10))), [9, "etcdserver: rpc not supported for learner"]);
  assert.equal(node.read(session(1)).code, 0);
});

const outcome = ({ code, text }: Read): [number | undefined, string] => [code, text];
