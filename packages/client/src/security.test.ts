/** Users and TLS: who asks, and whom it trusts. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { TestAuthority } from "@synod/store/server/testing/certificates";
import { withPrefix } from "./bytes.ts";
import { SynodError } from "./errors.ts";
import { GatewayClient } from "./gateway-client.ts";
import { StoreClient } from "./store.ts";
import type { Store } from "./store-api.ts";
import { Etcd } from "./testing/etcd.ts";
import { type StoreServer, servers } from "./testing/servers.ts";

const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.then(
    () => assert.fail("no error"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof SynodError, String(error));
  return error.code;
};

const ways = { grpc: StoreClient, gateway: GatewayClient };

for (const [name, start] of Object.entries(servers))
  suite(`users: ${name}`, () => {
    let server: StoreServer;

    async function administer(path: string, request: object, token?: string): Promise<{ token?: string }> {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
      const body = JSON.stringify(request);
      const response = await fetch(`http://${server.endpoint}/v3/auth/${path}`, { method: "POST", body, headers });
      assert.equal(response.status, 200, await response.clone().text());
      return (await response.json()) as { token?: string };
    }
    const asRoot = async (path: string, request: object): Promise<void> => {
      const { token } = await administer("authenticate", { name: "root", password: "secret" });
      await administer(path, request, token);
    };
    const own = { key: btoa("ada/"), range_end: btoa("ada0"), permType: "READWRITE" };

    before(async () => {
      server = await start();
      for (const user of ["root", "ada"]) {
        await administer("user/add", { name: user, password: "secret" });
        await administer("role/add", { name: user });
        await administer("user/grant", { user, role: user });
      }
      await administer("role/grant", { name: "ada", perm: own });
    });
    after(() => server.stop());

    for (const [way, Client] of Object.entries(ways))
      test(`a client over ${way} goes on through the store's changes of users`, async () => {
        const store: Store = new Client({ endpoints: [server.endpoint], user: "ada", password: "secret" });
        await store.put("ada/early", way); // while the store knows no users, none is asked for
        await administer("enable", {});
        const watch = store.watch(withPrefix("ada/"));
        await watch.created;
        await store.put("ada/1", way);
        assert.equal(await codeOf(store.put("grace/1", "x")), "denied");
        // A token is as old as the rules that it was given under.
        await asRoot("role/add", { name: `other-${way}` });
        const { header } = await store.put("ada/2", way);
        const late = store.watch(withPrefix("ada/"), { startRevision: header.revision });
        for await (const { events } of late) {
          assert.equal(events[0]?.kv.keyText, "ada/2");
          break;
        }
        assert.equal(await codeOf(store.watch("grace/1")[Symbol.asyncIterator]().next()), "denied");
        const stranger = new Client({ endpoints: [server.endpoint], user: "ada", password: "wrong" });
        assert.equal(await codeOf(stranger.get("ada/1")), "denied");
        stranger.close();
        watch.close();
        store.close();
        await asRoot("disable", {});
      });
  });

suite("TLS: etcd", () => {
  const authority = new TestAuthority();
  let server: StoreServer;
  before(async () => {
    const identity = authority.issue("server");
    server = await Etcd.start({
      "cert-file": identity.certFile,
      "key-file": identity.keyFile,
      "trusted-ca-file": authority.certFile,
      "client-cert-auth": "true",
    });
  });
  after(async () => {
    await server.stop();
    authority.remove();
  });

  test("a client shows its certificate and checks the server's", async () => {
    const { cert, key } = authority.issue("client");
    const tls = { ca: authority.cert, cert, key };
    const store = new StoreClient({ endpoints: [`https://${server.endpoint}`], tls });
    await store.put("secret", "1");
    assert.equal((await store.get("secret"))?.valueText, "1");
    assert.ok((await store.status(`https://${server.endpoint}`)).dbSize > 0);
    store.close();
    for (const wrong of [{ cert, key }, { ca: authority.cert }]) {
      const refused = new StoreClient({ endpoints: [server.endpoint], tls: wrong, timeout: 300 });
      assert.equal(await codeOf(refused.put("secret", "2")), "notApplied");
      refused.close();
    }
  });
});
