import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@synod/protocols/random";
import { Network, type NetworkSettings } from "./network.ts";

const QUIET: NetworkSettings = {
  minDelay: 100,
  meanDelay: 1000,
  uniformDelay: false,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  capacity: 1000,
};

function network(settings: Partial<NetworkSettings> = {}): Network {
  return new Network(5, { ...QUIET, ...settings }, new Random("network"));
}

/** Sends `count` messages 1 → 2 at once; returns their arrivals. */
function burst(links: Network, count: number, now = 0): number[] {
  return Array.from({ length: count }, () => links.depart(now, 1, 2));
}

test("a quiet link keeps its order, and no message is faster than the least delay", () => {
  const arrivals = burst(network(), 200);
  assert.ok(arrivals.every((at) => at >= 100));
  assert.deepEqual(
    arrivals,
    arrivals.toSorted((a, b) => a - b),
  );
});

test("with reordering some overtake", () => {
  const links = network({ reorder: 500_000 });
  const arrivals = burst(links, 200);
  assert.notDeepEqual(
    arrivals,
    arrivals.toSorted((a, b) => a - b),
  );
  assert.ok(links.counters.overtaking > 20);
});

test("loss takes about its share", () => {
  const links = network({ loss: 300_000 });
  const lost = burst(links, 1000).filter((at) => at < 0).length;
  assert.ok(lost > 250 && lost < 350, `${lost}`);
  assert.equal(links.counters.lost, lost);
});

test("duplicates arrive twice", () => {
  const links = network({ duplicate: 500_000 });
  let copies = 0;
  for (let i = 0; i < 200; i++) {
    links.depart(0, 1, 2);
    if (links.duplicate(0, 1, 2) >= 0) copies++;
  }
  assert.ok(copies > 60 && copies < 140, `${copies}`);
  assert.equal(links.counters.duplicated, copies);
});

test("a full link drops what overflows, and takes more once something has arrived", () => {
  const links = network({ capacity: 3 });
  assert.deepEqual(
    burst(links, 5).map((at) => at >= 0),
    [true, true, true, false, false],
  );
  links.arrive(1, 2);
  assert.ok(links.depart(0, 1, 2) >= 0);
  assert.equal(links.counters.overflowed, 2);
});

test("a cut is one-way, is counted, and loses what is under way", () => {
  const links = network();
  assert.ok(links.depart(0, 1, 2) >= 0);
  links.cut(1, 2);
  links.cut(1, 2);
  assert.equal(links.arrive(1, 2), false);
  assert.equal(links.depart(0, 1, 2), -1);
  assert.ok(links.depart(0, 2, 1) >= 0);
  links.mend(1, 2);
  assert.equal(links.isCut(1, 2), true);
  links.mend(1, 2);
  assert.ok(links.depart(0, 1, 2) >= 0);
});

test("a clogged link holds everything back until it unclogs", () => {
  const links = network();
  links.clog(1, 2, 50_000);
  assert.ok(burst(links, 10).every((at) => at >= 50_000));
  assert.ok(links.depart(0, 1, 3) < 50_000);
});

test("degrading a link is undone by its opposite", () => {
  const links = network();
  links.degrade(1, 2, "loss", 1_000_000);
  links.degrade(1, 3, "delay", 70_000);
  assert.equal(links.depart(0, 1, 2), -1);
  assert.ok(links.depart(0, 1, 3) >= 70_000);
  links.degrade(1, 2, "loss", -1_000_000);
  assert.ok(links.depart(0, 1, 2) >= 0);
});
