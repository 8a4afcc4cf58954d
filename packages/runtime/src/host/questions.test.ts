import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answerer, Asker, RequestFailure } from "../group.ts";
import { bytesOf, TextMachine } from "./testing.ts";
import { VirtualCluster, type VirtualNode } from "./testing-virtual.ts";

const SECOND = 1_000_000;

/** Writes down what it is told. */
class Client implements Asker<number> {
  readonly heard: string[] = [];
  applied(token: number): void {
    this.heard.push(`${token} applied`);
  }
  readable(): void {}
  answered(token: number, answer: Uint8Array): void {
    this.heard.push(`${token} ${Buffer.from(answer).toString("latin1")}`);
  }
  failed(token: number, reason: RequestFailure): void {
    this.heard.push(`${token} ${reason}`);
  }
}

/** Every leader answers with the question, itself, and how many texts its state has. */
function cluster(
  settings: { nodes?: number; seed?: string; limits?: { requests?: number; requestTimeout?: number } } = {},
): VirtualCluster<number> {
  const { nodes = 3, seed = "questions", limits = {} } = settings;
  const machines = new Map<number, TextMachine>();
  const world = new VirtualCluster<number>({
    nodes,
    seed,
    limits,
    machine: (id) => {
      const machine = new TextMachine();
      machines.set(id, machine);
      return machine;
    },
    service: (node) => node.group.answerBy(answererOf(node, machines.get(node.id)!)),
  });
  world.until(() => world.leader !== undefined);
  return world;
}

function answererOf({ id }: VirtualNode<number>, machine: TextMachine): Answerer {
  return {
    answer: (question, term) =>
      bytesOf(`${Buffer.from(question).toString("latin1")} n${id}/${term} ${machine.texts.length}`),
  };
}

function others(world: VirtualCluster<number>, of: VirtualNode<number>): VirtualNode<number>[] {
  return world.nodes.filter((node) => node !== of);
}

const termOf = (node: VirtualNode<number>): number => node.group.raft.state.currentTerm;

test("a question is answered by the leader, whoever is asked, and after everything acknowledged before", () => {
  const world = cluster();
  const leader = world.leader!;
  const client = new Client();
  leader.group.propose(bytesOf("text"), client, 0);
  world.until(() => client.heard.length === 1);
  for (const node of world.nodes) node.group.ask(bytesOf(`from n${node.id}`), client, node.id);
  world.until(() => client.heard.length === 4);
  assert.deepEqual(
    client.heard.slice(1).sort(),
    [1, 2, 3].map((id) => `${id} from n${id} n${leader.id}/${termOf(leader)} 1`),
  );
});

test("those of one turn go in one frame and are confirmed at once, and each is answered in its order", () => {
  const world = cluster();
  const leader = world.leader!;
  const [follower] = others(world, leader);
  const client = new Client();
  let frames = 0;
  const { queue } = follower!.transport;
  follower!.transport.queue = (...frame) => {
    frames += 1;
    return queue(...frame);
  };
  const { round } = leader.group.raft.state.reads;
  for (let token = 0; token < 1000; token += 1) follower!.group.ask(bytesOf("?"), client, token);
  world.until(() => client.heard.length === 1000);
  assert.deepEqual(
    client.heard.map((line) => Number(line.split(" ")[0])),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.equal(frames, 1);
  assert.ok(leader.group.raft.state.reads.round - round <= 2, "one round, and perhaps a heartbeat");
});

test("frames that are lost are sent again; what comes twice is answered once", () => {
  const world = cluster({ seed: "rain" });
  Object.assign(world.weather, { lost: 300_000, twice: 300_000 });
  const client = new Client();
  for (let token = 0; token < 60; token += 1) {
    world.nodes[token % 3]!.group.ask(bytesOf("?"), client, token);
    world.run(20_000);
  }
  world.until(() => client.heard.length >= 60);
  world.run(3 * SECOND);
  assert.equal(client.heard.length, 60);
  assert.ok(client.heard.every((line) => line.includes("? n")));
});

test("a leader's death: the next one is asked", () => {
  const world = cluster();
  const leader = world.leader!;
  const [one, other] = others(world, leader);
  const client = new Client();
  world.kill(leader.id);
  one!.group.ask(bytesOf("a"), client, 1);
  other!.group.ask(bytesOf("b"), client, 2);
  world.until(() => client.heard.length === 2);
  const next = world.leader!;
  assert.deepEqual(client.heard.sort(), [`1 a n${next.id}/${termOf(next)} 0`, `2 b n${next.id}/${termOf(next)} 0`]);
});

test("who has been cut off still thinks it leads, and answers nobody once another does", () => {
  const world = cluster();
  const old = world.leader!;
  const client = new Client();
  world.part([old.id]);
  old.group.ask(bytesOf("late"), client, 1);
  world.until(() => world.leader !== old && world.leader !== undefined);
  world.leader!.group.propose(bytesOf("text"), new Client(), 0);
  world.run(SECOND);
  assert.deepEqual(client.heard, []);
  world.part();
  world.until(() => client.heard.length === 1);
  const next = world.leader!;
  assert.notEqual(next.id, old.id);
  assert.deepEqual(client.heard, [`1 late n${next.id}/${termOf(next)} 1`]);
});

test("who was paused while another came to lead does not answer for it, however many questions wait", () => {
  const world = cluster({ seed: "pause" });
  const old = world.leader!;
  const client = new Client();
  world.pause(old.id);
  world.until(() => world.leader !== old && world.nodes.filter((node) => node.leads).length === 2);
  for (let token = 0; token < 9; token += 1) old.group.ask(bytesOf("?"), client, token);
  world.resume(old.id);
  world.until(() => client.heard.length === 9);
  const next = world.leader!;
  assert.ok(client.heard.every((line) => line.includes(`n${next.id}/${termOf(next)}`)));
});

test("leadership that moves while questions are under way: each is answered, by who leads then", () => {
  const world = cluster({ seed: "moves" });
  const client = new Client();
  let token = 0;
  for (let move = 0; move < 6; move += 1) {
    const leader = world.leader!;
    for (const node of world.nodes) for (let i = 0; i < 10; i += 1) node.group.ask(bytesOf("?"), client, token++);
    leader.group.transferLeadership(others(world, leader)[move % 2]!.id);
    world.until(() => client.heard.length === token && world.leader !== undefined);
  }
  assert.ok(client.heard.every((line) => line.includes("? n")));
});

test("without a majority a question ends in a time-out, at the leader and elsewhere; too many are told so at once", () => {
  const world = cluster({ limits: { requests: 8, requestTimeout: SECOND } });
  const leader = world.leader!;
  const [follower, third] = others(world, leader);
  world.part([leader.id], [follower!.id], [third!.id]);
  for (const node of [leader, follower!]) {
    const client = new Client();
    for (let token = 0; token < 9; token += 1) node.group.ask(bytesOf("?"), client, token);
    assert.deepEqual(client.heard, ["8 overloaded"]);
    world.run(3 * SECOND);
    assert.deepEqual(
      client.heard.slice(1),
      Array.from({ length: 8 }, (_, i) => `${i} timedOut`),
    );
    assert.equal(node.group.questions.waiting, 0);
  }
});

test("a node that stops fails what it was asked; one that has stopped takes no more", () => {
  const world = cluster();
  const client = new Client();
  const [follower] = others(world, world.leader!);
  follower!.group.ask(bytesOf("?"), client, 1);
  follower!.group.stop();
  follower!.group.ask(bytesOf("?"), client, 2);
  assert.deepEqual(client.heard, ["1 stopped", "2 stopped"]);
});

test("a peer's frames may be anything: neither questions nor answers of nobody do harm", () => {
  const world = cluster();
  const leader = world.leader!;
  const client = new Client();
  const [follower] = others(world, leader);
  for (const body of [new Uint8Array(0), new Uint8Array(40).fill(255), new Uint8Array(27)]) {
    for (const kind of [4, 5]) for (const node of world.nodes) node.group.hear(3, kind, body);
  }
  follower!.group.ask(bytesOf("?"), client, 1);
  world.until(() => client.heard.length === 1);
});

test("a leader alone answers by itself", () => {
  const world = cluster({ nodes: 1 });
  const client = new Client();
  world.leader!.group.ask(bytesOf("?"), client, 1);
  world.until(() => client.heard.length === 1);
});
