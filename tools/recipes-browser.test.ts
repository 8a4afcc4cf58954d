/** What a page may load: the JSON gateway's client and every recipe, with nothing of Node behind them. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Etcd } from "../packages/client/src/testing/etcd.ts";
import type { StoreServer } from "../packages/client/src/testing/store-server.ts";
import { Synod } from "../packages/client/src/testing/synod.ts";
import { chromium, runInBrowser } from "./browser.ts";
import { imports, root, withoutComments } from "./sources.ts";

const here = "packages/client/src";
const recipes = readdirSync(`${root}${here}/recipes`)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => `${here}/recipes/${file}`);
const entries = [`${here}/gateway-client.ts`, ...recipes];

/** All files that the entries load, and what of Node they name. */
function reach(): { files: Set<string>; node: string[] } {
  const files = new Set(entries);
  const node: string[] = [];
  for (const path of files) {
    const text = readFileSync(`${root}${path}`, "utf8");
    for (const specifier of imports(text)) {
      if (specifier.startsWith(".")) files.add(new URL(specifier, `file:///${path}`).pathname.slice(1));
      else if (specifier.startsWith("@synod/wire/"))
        files.add(`packages/wire/src/${specifier.slice("@synod/wire/".length)}.ts`);
      else node.push(`${path} imports ${specifier}`);
    }
    if (/\b(?:Buffer|process|NodeJS)\./.test(withoutComments(text))) node.push(`${path} uses what only Node has`);
  }
  return { files, node };
}

test("nothing of Node is behind the gateway's client and the recipes", () => {
  const { files, node } = reach();
  assert.ok(entries.length > 10 && files.size > entries.length);
  assert.deepEqual(node, []);
});

const options = {
  timeout: 60_000,
  skip: existsSync(chromium) ? false : `needs ${chromium} (Debian's package chromium)`,
};

/** etcd lets pages of any origin ask unless it is told otherwise, Synod only if it is told so. */
const servers = { etcd: () => Etcd.start(), synod: () => Synod.start({ "--cors": "*" }) };

for (const [name, start] of Object.entries(servers))
  test(`a page locks, follows and transacts over the JSON gateway of ${name}`, options, () => useFromPage(start));

async function useFromPage(start: () => Promise<StoreServer>): Promise<void> {
  const server = await start();
  const { files } = reach();
  const code = `
    const load = (file) => import("/packages/client/src/" + file + ".ts");
    const [{ GatewayClient }, { Locks }, { PrefixCache }, { transact }, { op }] = await Promise.all(
      ["gateway-client", "recipes/lock", "recipes/cache", "recipes/transact", "txn"].map(load));
    const store = new GatewayClient({ endpoints: ["${server.endpoint}"] });
    const cache = await PrefixCache.open(store, "page/");
    const locks = new Locks(store);
    const first = await locks.acquire("page-lock");
    const next = locks.acquire("page-lock");
    const denied = await locks.tryAcquire("page-lock");
    await first.release();
    const lock = await next;
    const write = (guard) => store.txn().when(guard).do(op.put("page/x", "1")).commit();
    const fenced = [(await write(lock.guard)).succeeded, (await write(first.guard)).succeeded];
    await transact(store, async (tx) => tx.put("page/y", (await tx.get("page/x")).valueText + "!"));
    await cache.current();
    const seen = cache.entries().map((kv) => kv.keyText + "=" + kv.valueText);
    await lock.release();
    await cache.close();
    store.close();
    return { denied: denied === undefined, fenced, rises: lock.token > first.token, seen };`;
  try {
    assert.deepEqual(await runInBrowser(code, (path) => files.has(path), 30_000), {
      denied: true,
      fenced: [true, false],
      rises: true,
      seen: ["page/x=1", "page/y=1!"],
    });
  } finally {
    await server.stop();
  }
}

test("a page says how fresh its read is to be, and hears how fresh it was", options, async () => {
  const server = await servers.synod();
  const code = `
    const told = [];
    for (const [path, init] of [["/v3/kv/range", { method: "POST", body: '{"key":"YQ=="}' }], ["/api/store/keys/a", {}]]) {
      const headers = { "synod-consistency": "serializable", "synod-max-staleness": "1" };
      const { status, headers: answer } = await fetch("http://${server.endpoint}" + path, { ...init, headers });
      told.push([status, answer.get("synod-consistency") ?? answer.get("grpc-metadata-synod-consistency")]);
    }
    return told;`;
  try {
    assert.deepEqual(await runInBrowser(code, () => false, 30_000), [
      [200, "serializable"],
      [404, "serializable"],
    ]);
  } finally {
    await server.stop();
  }
});
