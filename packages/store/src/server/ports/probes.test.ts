import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
before(async () => {
  server = await StoreServer.start();
});
after(() => server.close());

async function said(path: string): Promise<[number, string]> {
  const response = await fetch(`http://${server.url}${path}`);
  return [response.status, await response.text()];
}

const ALL_WELL = "[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n";

test("a healthy node says so, in the form of the version that the query is from", async () => {
  assert.deepEqual(await said("/health"), [200, '{"health":"true"}']);
  assert.deepEqual(await said("/health?serializable=true"), [200, '{"health":"true","reason":""}']);
  assert.deepEqual(await said("/livez"), [200, "ok\n"]);
  assert.deepEqual(await said("/livez/serializable_read"), [200, "ok\n"]);
  assert.deepEqual(await said("/readyz?verbose"), [200, ALL_WELL]);
  assert.deepEqual(await said("/readyz?verbose&exclude=non_learner&exclude=data_corruption"), [
    200,
    "[+]serializable_read ok\n[+]linearizable_read ok\nok\n",
  ]);
  assert.deepEqual(await said("/readyz/nothing"), [404, "404 page not found\n"]);
  assert.deepEqual(await said("/livez/linearizable_read"), [404, "404 page not found\n"]);
});

test("versions are numbers with points between them", async () => {
  const [, text] = await said("/version");
  const versions = Object.entries(JSON.parse(text) as Record<string, string>);
  assert.deepEqual(
    versions.map(([name]) => name),
    ["etcdserver", "etcdcluster", "storage"],
  );
  for (const [, version] of versions) assert.match(version, /^\d+\.\d+\.\d+$/);
});

test("without a leader a node is alive, serves its own state, and is neither healthy nor ready", async () => {
  server.group.become({ leader: undefined });
  assert.deepEqual(await said("/health"), [503, '{"health":"false"}']);
  assert.deepEqual(await said("/health?exclude=NOSPACE"), [503, '{"health":"false","reason":"RAFT NO LEADER"}']);
  assert.deepEqual(await said("/health?serializable=true"), [200, '{"health":"true","reason":""}']);
  assert.deepEqual(await said("/livez"), [200, "ok\n"]);
  const [status, text] = await said("/readyz");
  assert.equal(status, 503);
  assert.match(text, /^\[-\]linearizable_read failed: etcdserver: no leader$/m);
  assert.deepEqual(await said("/readyz?exclude=linearizable_read"), [200, "ok\n"]);
  server.group.become({ leader: 1 });
});

test("an alarm makes a node unhealthy, unless it does not count", async () => {
  const { alarms } = server.service.areas;
  alarms.isFull = true;
  assert.deepEqual(await said("/health"), [503, '{"health":"false"}']);
  assert.deepEqual(await said("/health?serializable=true"), [503, '{"health":"false","reason":"ALARM NOSPACE"}']);
  assert.deepEqual(await said("/health?exclude=NOSPACE"), [200, '{"health":"true","reason":""}']);
  assert.deepEqual(await said("/readyz"), [200, "ok\n"]);
  alarms.isFull = false;
  alarms.isCorrupt = true;
  assert.equal((await said("/readyz/data_corruption"))[0], 503);
  alarms.isCorrupt = false;
});

test("a learner is ready for whoever leaves that out", async () => {
  server.service.isLearner = true;
  assert.deepEqual(await said("/readyz/non_learner"), [503, "[-]non_learner failed: not supported for learner\n\n"]);
  assert.deepEqual(await said("/readyz?exclude=non_learner"), [200, "ok\n"]);
  server.service.isLearner = false;
});
