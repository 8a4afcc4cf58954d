import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { SignJWT, UnsecuredJWT } from "jose";
import { type JwtSettings, JwtTokens } from "./jwt.ts";
import { SimpleTokens, type Tokens } from "./tokens.ts";

const SECOND = 1_000_000;
const LETTERS = "abcdefghijklmnop";

function simple() {
  const world = { now: 0, clusterTime: 0, revision: 3, applied: 10 };
  const tokens = new SimpleTokens({
    ttl: 300 * SECOND,
    now: () => world.now,
    clusterTime: () => world.clusterTime,
    authRevision: () => world.revision,
    appliedIndex: () => world.applied,
  });
  return { world, tokens };
}

test("a simple token lives as long as it is used, and is worth what the users are now", () => {
  const { world, tokens } = simple();
  tokens.assigned("alice", "t.1", 0);
  for (let used = 1; used <= 10; used += 1) {
    world.now += 299 * SECOND;
    world.revision += 1;
    assert.deepEqual([tokens.find("t.1")?.user, tokens.find("t.1")?.authRevision], ["alice", 3 + used]);
  }
  world.now += 301 * SECOND;
  assert.equal(tokens.find("t.1"), undefined);
  assert.equal(tokens.find("t.2"), undefined);
});

test("a token that the log gives again long after does not live again", () => {
  const { world, tokens } = simple();
  tokens.assigned("alice", "t.1", 5 * SECOND);
  world.clusterTime = 400 * SECOND; // the rest of the log was applied in a moment
  assert.equal(tokens.find("t.1"), undefined);
});

test("tokens go with their user's password, all with a snapshot, and the oldest for want of room", () => {
  const { tokens } = simple();
  tokens.assigned("alice", "t.1", 0);
  tokens.assigned("bob", "t.2", 0);
  tokens.invalidated("alice");
  assert.deepEqual([tokens.find("t.1")?.user, tokens.find("t.2")?.user], [undefined, "bob"]);
  tokens.reset();
  assert.equal(tokens.find("t.2"), undefined);
  for (let i = 0; i < 20_001; i += 1) tokens.assigned("bob", `t.${i}`, 0);
  assert.deepEqual([tokens.size, tokens.find("t.0"), tokens.find("t.1")?.user], [20_000, undefined, "bob"]);
});

test("unused tokens are forgotten without being asked for", () => {
  const { world, tokens } = simple();
  tokens.assigned("alice", "t.1", 0);
  world.now = 301 * SECOND;
  tokens.progress();
  assert.equal(tokens.size, 0);
});

test("a node waits for tokens of entries to come, and only for those, and only so many", () => {
  const { world, tokens } = simple();
  const decided: string[] = [];
  const wait = (token: string): boolean => tokens.wait(token, () => decided.push(token));
  assert.equal(wait(`${LETTERS}.10`), false, "this entry was applied");
  assert.equal(wait("short.99"), false);
  assert.equal(wait(`${LETTERS}.1e3`), false);
  assert.equal(wait(`${LETTERS}.11`), true);
  assert.equal(wait(`${LETTERS}.12`), true);
  tokens.progress();
  assert.deepEqual(decided, []);
  world.applied = 11;
  tokens.progress();
  assert.deepEqual(decided, [`${LETTERS}.11`]);
  world.now = 5 * SECOND;
  tokens.progress();
  assert.equal(decided.length, 2, "nobody waits for ever");
  let waiting = 0;
  while (wait(`${LETTERS}.99`)) waiting += 1;
  assert.equal(waiting, 1000);
});

// --- JWT

function pem(key: KeyObject, type: "pkcs8" | "spki"): string {
  return key.export({ format: "pem", type } as { format: "pem"; type: "pkcs8" }).toString();
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

/** Waits until the node has made up its mind. */
async function judged(tokens: Tokens, token: string): Promise<string | undefined> {
  if (tokens.find(token) === undefined) {
    await new Promise<void>((resolve) => {
      if (!tokens.wait(token, resolve)) resolve();
    });
  }
  return tokens.find(token)?.user;
}

test("a signed token says who it is for and since when, to every member with the public key", async () => {
  const pairs: [string, { privateKey: KeyObject; publicKey: KeyObject }][] = [
    ["RS256", rsa],
    ["PS384", rsa],
    ["ES256", ec],
    ["EdDSA", ed],
  ];
  for (const [signMethod, pair] of pairs) {
    const settings: JwtSettings = { signMethod, privateKey: pem(pair.privateKey, "pkcs8"), ttl: 60 };
    const token = await new JwtTokens(settings).sign("alice", 7);
    const other = new JwtTokens({ signMethod, publicKey: pem(pair.publicKey, "spki"), ttl: 60 });
    assert.equal(await judged(other, token ?? ""), "alice", signMethod);
    assert.equal(other.find(token ?? "")?.authRevision, 7);
    assert.equal(await other.sign("alice", 7), undefined, "it can verify, and no more");
  }
  const secret: JwtSettings = { signMethod: "HS256", privateKey: "a secret of the members' own, long enough", ttl: 60 };
  const token = await new JwtTokens(secret).sign("alice", 7);
  assert.equal(await judged(new JwtTokens(secret), token ?? ""), "alice");
});

test("a key that is not one for the method is noticed before anybody signs in, or at the latest then", async () => {
  const privateKey = pem(ec.privateKey, "pkcs8");
  assert.throws(() => new JwtTokens({ signMethod: "RS256", privateKey, ttl: 60 }), /of the kind ec/);
  assert.throws(() => new JwtTokens({ signMethod: "ES256", privateKey: "no key", ttl: 60 }));
  assert.equal(await new JwtTokens({ signMethod: "ES384", privateKey, ttl: 60 }).sign("alice", 1), undefined);
});

test("a token of another key, another method, no method, too little or too late is none, and is known to be none", async () => {
  const tokens = new JwtTokens({ signMethod: "RS256", privateKey: pem(rsa.privateKey, "pkcs8"), ttl: 60 });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const claims = (values: Record<string, unknown>, alg = "RS256"): SignJWT =>
    new SignJWT(values).setProtectedHeader({ alg }).setExpirationTime("1m");
  const all = { username: "root", revision: 1 };
  const forged = [
    await claims(all).sign(other.privateKey),
    await claims(all, "PS256").sign(rsa.privateKey),
    await claims(all, "HS256").sign(new TextEncoder().encode(pem(rsa.publicKey, "spki"))),
    new UnsecuredJWT(all).setExpirationTime("1m").encode(),
    await claims({ username: "root" }).sign(rsa.privateKey),
    await claims({ revision: 1 }).sign(rsa.privateKey),
    await new SignJWT(all).setProtectedHeader({ alg: "RS256" }).sign(rsa.privateKey),
    await new SignJWT(all).setProtectedHeader({ alg: "RS256" }).setExpirationTime(1).sign(rsa.privateKey),
    "no token at all",
    "x".repeat(10_000),
  ];
  for (const [index, token] of forged.entries()) {
    assert.equal(await judged(tokens, token), undefined, `forgery ${index}`);
    assert.equal(tokens.wait(token, assert.fail), false);
  }
  assert.equal(await judged(tokens, await claims(all).sign(rsa.privateKey)), "root");
});
