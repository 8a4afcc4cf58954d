import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { LeaseWorld } from "../testing/lease-world.ts";

const SECOND = 1_000_000;
/** Worlds that a planted mistake may take to be seen. */
const MOST_SEEDS = 60;

test("whatever dies, sleeps, hands over or is cut off: no lease ends before what anybody was told, and each ends", () => {
  let leases = 0;
  let expired = 0;
  for (let seed = 1; seed <= 4; seed += 1) {
    const world = new LeaseWorld(seed);
    assert.deepEqual(world.run(40 * SECOND), [], `seed ${seed}`);
    leases += world.judge.known.length;
    expired += world.judge.known.filter((lease) => lease.expired).length;
  }
  assert.ok(leases > 400 && expired > 300, `${leases} leases, of which ${expired} expired`);
});

/** A mistake in one of our files: a piece of its text, which occurs once, and what stands there instead. */
interface Planted {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The first world that shows it, where that is not one of the first few. */
  readonly seed?: number;
}

const LEASES = "/store/src/model/leases.ts";
const QUESTIONS = "/runtime/src/host/questions.ts";

const PLANTED: readonly Planted[] = [
  {
    name: "a new leader takes what the log says for the end",
    file: LEASES,
    find: "? lease.until : boundOf(lease);",
    replace: "? lease.until : lease.expiry;",
  },
  {
    name: "a leader promises more than its successors know of",
    file: LEASES,
    find: "if (until > boundOf(lease)) return BY_LOG;",
    replace: "if (until > boundOf(lease) + 1_000_000) return BY_LOG;",
  },
  {
    name: "who leads again still believes what it knew before",
    file: LEASES,
    find: "return lease.knownIn === term ?",
    replace: "return lease.knownIn >= 0 ?",
  },
  {
    name: "a leader answers without knowing that it still leads",
    file: QUESTIONS,
    find: "if (!reads.add(this, token, now + limits.requestTimeout)) this.#drop(token);",
    replace: "this.readable(token);",
    seed: 8,
  },
  {
    name: "a renewal that came before the expiry in the log is overlooked",
    file: "/store/src/model/leased-store.ts",
    find: "if (lease?.expiry !== expiry || expiry > now) continue;",
    replace: "if (lease === undefined) continue;",
    seed: 2,
  },
  {
    name: "what an earlier leader has seen end is removed by a later one's entry",
    file: "/store/src/state-machine.ts",
    find: "term === this.#term ? model.leaseExpire",
    replace: "term >= 0 ? model.leaseExpire",
    seed: 21,
  },
  {
    name: "the log refuses to renew what a leader has renewed beyond it",
    file: LEASES,
    find: "if (lease === undefined || boundOf(lease) <= time) return 0;",
    replace: "if (lease === undefined || lease.expiry <= time) return 0;",
    seed: 2,
  },
];

/** A world of its own modules, one of which has the mistake in it. */
async function worldWith({ name, file, find, replace }: Planted): Promise<typeof LeaseWorld> {
  const mark = `planted=${PLANTED.findIndex((one) => one.name === name)}`;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const isOurs = /\/(store|runtime)\/src\//.test(resolved.url);
      return isOurs && context.parentURL?.endsWith(mark) === true
        ? { ...resolved, url: `${resolved.url}?${mark}` }
        : resolved;
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`${file}?${mark}`)) return loaded;
      const parts = String(loaded.source).split(find);
      assert.equal(parts.length, 2, `"${find}" is to occur once in ${file}`);
      return { ...loaded, source: parts.join(replace) };
    },
  });
  try {
    return ((await import(`../testing/lease-world.ts?${mark}`)) as { LeaseWorld: typeof LeaseWorld }).LeaseWorld;
  } finally {
    hooks.deregister();
  }
}

for (const planted of PLANTED) {
  test(`it would be seen if ${planted.name}`, async (t) => {
    const World = await worldWith(planted);
    for (let seed = planted.seed ?? 1; seed <= MOST_SEEDS; seed += 1) {
      const [wrong] = new World(seed).run(40 * SECOND);
      if (wrong !== undefined) return t.diagnostic(`seed ${seed}: ${wrong}`);
    }
    assert.fail(`not in ${MOST_SEEDS} worlds`);
  });
}
