import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { authSettings } from "./auth-settings.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-auth-"));
after(() => rmSync(folder, { recursive: true }));

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const privatePem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const publicPem = publicKey.export({ format: "pem", type: "spki" }).toString();
writeFileSync(join(folder, "private.pem"), privatePem);
writeFileSync(join(folder, "public.pem"), publicPem);
writeFileSync(join(folder, "neither.pem"), "hello");

const settled = (authToken: string) =>
  authSettings({ authToken: authToken.replaceAll("@", `${folder}/`), authTokenTtl: 60, bcryptCost: 4 });

test("simple tokens need nothing but their time", () => {
  assert.deepEqual(settled("simple"), { bcryptCost: 4, tokenTtl: 60 });
});

test("signed tokens are described as for etcd", () => {
  const { jwt } = settled("jwt,sign-method=ES256,priv-key=@private.pem,pub-key=@public.pem,ttl=1h30m");
  assert.deepEqual(jwt, { signMethod: "ES256", ttl: 5400, privateKey: privatePem, publicKey: publicPem });
  const { jwt: verifying } = settled("jwt,pub-key=@public.pem,sign-method=ES256");
  assert.deepEqual(verifying, { signMethod: "ES256", ttl: 300, publicKey: publicPem });
});

test("what cannot be meant is said before the node starts, and what to give instead", () => {
  const wrong: [string, RegExp][] = [
    ["complicated", /neither simple nor jwt/],
    ["simple,ttl=5m", /neither simple nor jwt/],
    ["jwt", /needs sign-method=/],
    ["jwt,sign-method=none,priv-key=@private.pem", /needs sign-method=/],
    ["jwt,sign-method=ES256", /needs priv-key=<file>/],
    ["jwt,sign-method=ES256,priv-key=@nothing.pem", /nothing\.pem, which cannot be read \(ENOENT\)/],
    ["jwt,sign-method=ES256,priv-key=@neither.pem", /a key that cannot be used for ES256/],
    ["jwt,sign-method=RS256,priv-key=@private.pem", /cannot be used for RS256 \(it is of the kind ec\)/],
    ["jwt,sign-method=ES256,priv-key=@private.pem,ttl=soon", /has ttl=soon/],
    ["jwt,sign-method=ES256,priv-key=@private.pem,ttl=0s", /a ttl of nothing/],
    ["jwt,sign-method=ES256,key=@private.pem", /an unknown option key/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => settled(text), { code: "settings", message }, text);
    assert.throws(() => settled(text), /: give simple, or jwt,/, text);
  }
});
