import assert from "node:assert/strict";
import { test } from "node:test";
import { servers } from "@synod/client/testing/servers";
import { Run } from "../../testing/run.ts";

test("a prefix is given a quota, holds it, and is given none again", async () => {
  const server = await servers.synod();
  const synod = async (...args: string[]): Promise<[code: number | null, said: string]> => {
    const run = new Run(args, { environment: { SYNOD_ENDPOINTS: server.endpoint } });
    const code = await run.ended();
    return [code, code === 0 ? run.stdout : run.stderr];
  };
  try {
    await synod("kv", "put", "app/a", "1");
    assert.deepEqual(await synod("kv", "quota", "set", "app/", "--keys", "1"), [
      0,
      "what lies under app/ is limited from now on\n",
    ]);
    const [code, said] = await synod("kv", "put", "app/b", "1");
    assert.equal(code, 1);
    assert.match(said, /database space exceeded/);
    assert.match((await synod("kv", "quota", "list"))[1], /app\/ +6 of any +1 of 1/);
    assert.equal((await synod("kv", "quota", "remove", "app/"))[0], 0);
    assert.equal((await synod("kv", "put", "app/b", "1"))[0], 0);
    const [refused, why] = await synod("kv", "quota", "remove", "app/");
    assert.equal(refused, 1);
    assert.match(why, /key not found/);
    assert.match((await synod("kv", "quota", "set", "app/"))[1], /add --bytes or --keys/);
  } finally {
    await server.stop();
  }
});
