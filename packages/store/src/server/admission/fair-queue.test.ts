import assert from "node:assert/strict";
import { test } from "node:test";
import { FairQueue, FairShare, LEAST_SHARE, type Queued, WINDOW } from "./fair-queue.ts";

/** A client, and a group that answers what it is told to. */
class Client implements Queued {
  waiting = 0;
  served: number[] = [];
  readonly share = new FairShare();
  #next = 1;

  serve(stream: number): void {
    this.waiting++;
    this.served.push(stream);
  }

  ask(queue: FairQueue, count = 1, bytes = 10): void {
    for (let i = 0; i < count; i++) {
      const stream = this.#next++;
      if (!queue.defers(this, this.share, stream, 0, new Uint8Array(bytes))) this.serve(stream);
    }
  }
}

test("alone, a client has as many calls under way as it likes, however suddenly", () => {
  const queue = new FairQueue();
  const client = new Client();
  client.ask(queue, 1000);
  assert.equal(client.waiting, 1000);
  client.waiting = 0;
  queue.tick();
  queue.tick();
  client.ask(queue, 1000);
  assert.equal(client.waiting, 1000);
  assert.equal(queue.deferrals, 0);
});

test("two that flood hold each other up for a moment, while it is not known yet that they do, and then no more", () => {
  const queue = new FairQueue();
  const [a, b] = [new Client(), new Client()];
  for (const client of [a, b]) client.ask(queue, 1000);
  for (let i = 0; i < 3; i++) queue.tick();
  queue.advance();
  assert.equal(queue.length, 0);
  for (const client of [a, b]) {
    client.ask(queue, 1000);
    assert.equal(client.share.requests.size, 0);
  }
});

test("beside one that wants little, one that floods has a window; the rest is served in its order as answers come", () => {
  const queue = new FairQueue();
  const [flood, light] = [new Client(), new Client()];
  light.ask(queue);
  flood.ask(queue, 1000);
  assert.equal(flood.waiting, WINDOW);
  assert.equal(queue.length, 1000 - WINDOW);
  light.waiting = 0;
  light.ask(queue);
  assert.equal(light.waiting, 1, "it never waits");
  for (let turn = 0; turn < 100 && queue.length > 0; turn++) {
    flood.waiting -= 100;
    queue.advance();
    assert.ok(flood.waiting <= WINDOW);
  }
  assert.deepEqual(
    flood.served,
    [...flood.served].sort((a, b) => a - b),
  );
  assert.equal(flood.served.length, 1000);
});

test("when the one that wants little is gone, nobody waits any more", () => {
  const queue = new FairQueue();
  const [flood, light, gone] = [new Client(), new Client(), new Client()];
  light.ask(queue);
  flood.ask(queue, 500);
  for (let i = 0; i < 3; i++) queue.tick();
  queue.advance();
  assert.equal(flood.waiting, 500);
  gone.ask(queue);
  flood.ask(queue, 500);
  assert.equal(queue.length, 500);
  queue.leave(gone);
  queue.leave(light);
  queue.advance();
  assert.equal(queue.length, 0);
});

test("of several that flood each has its turn", () => {
  const queue = new FairQueue();
  const [a, b, light] = [new Client(), new Client(), new Client()];
  light.ask(queue);
  for (const client of [a, b]) client.ask(queue, 400);
  for (const client of [a, b]) client.waiting = WINDOW / 2 - 5;
  queue.advance();
  assert.deepEqual([a.served.length, b.served.length], [WINDOW + 5, WINDOW + 5]);
});

test("many that flood share one window, and each has some of it", () => {
  const queue = new FairQueue();
  const light = new Client();
  const floods = Array.from({ length: 100 }, () => new Client());
  light.ask(queue);
  for (const client of floods) client.ask(queue, 400);
  for (const client of floods) client.waiting = 0;
  queue.advance();
  assert.deepEqual(new Set(floods.map(({ waiting }) => waiting)), new Set([LEAST_SHARE]));
});

test("those who are held back do not look as if they wanted little, so that when who did is gone they are free", () => {
  const queue = new FairQueue();
  const light = new Client();
  const floods = Array.from({ length: 10 }, () => new Client());
  light.ask(queue);
  for (const client of floods) client.ask(queue, 100);
  for (let turn = 0; turn < 200; turn++) {
    if (turn % 10 === 0) queue.tick();
    for (const client of floods) {
      const answered = client.waiting;
      client.waiting = 0;
      client.ask(queue, answered);
    }
    queue.advance();
  }
  assert.equal(queue.length, 0, "nobody waits here");
  assert.deepEqual(new Set(floods.map(({ waiting }) => waiting)), new Set([100]));
});

test("a call that is over is forgotten, and what waits is bounded in bytes", () => {
  const queue = new FairQueue();
  const [flood, light] = [new Client(), new Client()];
  light.ask(queue);
  flood.ask(queue, WINDOW + 2, 1 << 20);
  queue.forget(flood.share, WINDOW + 1);
  queue.forget(flood.share, 1);
  assert.deepEqual([queue.length, flood.share.bytes], [1, 1 << 20]);
  flood.ask(queue, 20, 1 << 20);
  assert.ok(flood.share.bytes <= 8 << 20);
  assert.equal(flood.waiting + queue.length, WINDOW + 21, "the others are served at once");
});
