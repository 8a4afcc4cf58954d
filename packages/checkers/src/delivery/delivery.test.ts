import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { reasonOf } from "../verdict.ts";
import { checkDelivery, type DeliveryOptions } from "./delivery.ts";
import { faultsByDefinition, randomLog } from "./trials.ts";

const op = (process: number, f: string, input: unknown, output: unknown, call: number, end: number): Operation => {
  return { process, key: "q", f, input, output, call, return: end, outcome: "ok" };
};
const publish = (message: number, call: number): Operation => op(1, "publish", message, null, call, call + 5);
const deliver = (message: number, at: number, process = 2): Operation =>
  op(process, "deliver", null, { message }, at, at);
const again = (message: number, at: number, process = 2): Operation =>
  op(process, "deliver", null, { message, redelivered: true }, at, at);
const ack = (message: number, at: number, process = 2): Operation => op(process, "ack", message, null, at, at + 1);
const unconfirmed = (operation: Operation): Operation => ({
  ...operation,
  outcome: "unknown",
  output: undefined,
  return: NEVER_RETURNED,
});
const refused = (operation: Operation): Operation => ({ ...operation, outcome: "fail", output: undefined });

function anomalies(history: History, options: DeliveryOptions = { drained: true }): string[] {
  const { verdict } = checkDelivery(history, options);
  return verdict.type === "illegal" ? verdict.violations.map(({ anomaly }) => anomaly) : [verdict.type];
}

test("a confirmed message that never comes is lost, once the queue was drained", () => {
  const history = [publish(1, 0), publish(2, 10), deliver(1, 20), ack(1, 21)];
  assert.deepEqual(anomalies(history), ["lost message"]);
  assert.match(
    reasonOf(checkDelivery(history, { drained: true }).verdict),
    /^process 1's publish 2 of "q" .* was confirmed, and nobody/,
  );
  assert.equal(checkDelivery(history).verdict.type, "ok");
  assert.equal(checkDelivery(history).summary.outstanding, 1);
  assert.deepEqual(anomalies(history, { drained: ["other"] }), ["ok"]);
  assert.deepEqual(anomalies([...history, deliver(2, 30)]), ["ok"]);
});

test("a message may come again until its acknowledgement was answered, and not after", () => {
  assert.deepEqual(anomalies([publish(1, 0), deliver(1, 10), again(1, 20, 3), ack(1, 30, 3)]), ["ok"]);
  assert.deepEqual(anomalies([publish(1, 0), deliver(1, 10), ack(1, 20), again(1, 30, 3)]), ["duplicate delivery"]);
  const lostAck = unconfirmed(ack(1, 20));
  assert.deepEqual(anomalies([publish(1, 0), deliver(1, 10), lostAck, again(1, 30, 3)]), ["ok"]);
  assert.deepEqual(anomalies([publish(1, 0), publish(1, 5), deliver(1, 10), ack(1, 20), deliver(1, 30)]), ["ok"]);
});

test("a message that nobody published, whose publish was refused, or came later", () => {
  assert.deepEqual(anomalies([deliver(1, 10)]), ["unexpected message"]);
  assert.deepEqual(anomalies([refused(publish(1, 0)), deliver(1, 10)]), ["unexpected message"]);
  assert.deepEqual(anomalies([deliver(1, 10), publish(1, 20)]), ["unexpected message"]);
  assert.deepEqual(anomalies([publish(1, 10), deliver(1, 12)]), ["ok"], "before the confirm is early, not wrong");
});

test("a publish without a confirm may be there or not", () => {
  const lost = unconfirmed(publish(1, 0));
  assert.deepEqual(anomalies([lost]), ["ok"]);
  assert.deepEqual(anomalies([lost, deliver(1, 10)]), ["ok"]);
  assert.equal(checkDelivery([lost, deliver(1, 10)]).summary.recovered, 1);
});

test("messages of one producer come to one consumer in order; other streams and redeliveries may differ", () => {
  const published = [publish(1, 0), publish(2, 10)];
  const swapped = [...published, deliver(2, 20), deliver(1, 21)];
  assert.deepEqual(anomalies(swapped), ["reordered messages"]);
  assert.match(
    reasonOf(checkDelivery(swapped).verdict),
    /publish 1 .* came before .*publish 2 .*, but .*"message":2.* before .*"message":1/,
  );
  assert.deepEqual(anomalies(swapped, { ordered: false }), ["ok"]);
  assert.deepEqual(anomalies([...published, deliver(1, 20), deliver(2, 21)]), ["ok"]);
  assert.deepEqual(anomalies([...published, deliver(2, 20, 2), deliver(1, 21, 3)]), ["ok"], "two consumers");
  assert.deepEqual(anomalies([published[0]!, { ...published[1]!, process: 9 }, deliver(2, 20), deliver(1, 21)]), [
    "ok",
  ]);
  assert.deepEqual(anomalies([...published, deliver(2, 20), again(1, 21)]), ["ok"], "marked as redelivered");
});

test("an acknowledgement of what was not delivered to that consumer", () => {
  assert.deepEqual(anomalies([publish(1, 0), deliver(1, 10), ack(1, 20, 3)]), ["phantom acknowledgement"]);
  assert.deepEqual(anomalies([publish(1, 0), ack(1, 5), deliver(1, 10)]), ["phantom acknowledgement"]);
  assert.deepEqual(anomalies([publish(1, 0), deliver(1, 10), ack(1, 20)]), ["ok"]);
});

test("the numbers of a log", () => {
  const { summary } = checkDelivery(
    [
      publish(1, 0),
      publish(2, 1),
      unconfirmed(publish(3, 2)),
      refused(publish(4, 3)),
      deliver(1, 10),
      deliver(1, 11),
      ack(1, 12),
      again(1, 20),
    ],
    { drained: true },
  );
  assert.deepEqual(summary, {
    publishes: 4,
    confirmed: 2,
    refused: 1,
    unknown: 1,
    deliveries: 3,
    redeliveries: 2,
    unmarkedRedeliveries: 1,
    acknowledged: 1,
    recovered: 0,
    lost: 1,
    outstanding: 0,
    duplicated: 1,
    unexpected: 0,
    reordered: 0,
    phantomAcknowledgements: 0,
  });
});

test("counts agree with the definitions on 4,000 random logs", () => {
  const seen: Record<string, number> = {};
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const log = randomLog(seed);
    const { lost, unexpected, phantomAcknowledgements, duplicated, reordered } = checkDelivery(log, {
      drained: true,
    }).summary;
    const expected = faultsByDefinition(log);
    const found = { lost, unexpected, phantomAcknowledgements, duplicated, reordered };
    assert.deepEqual(found, expected, `seed ${seed}: ${JSON.stringify(log)}`);
    for (const [what, count] of Object.entries(expected)) seen[what] = (seen[what] ?? 0) + count;
  }
  for (const [what, often] of Object.entries(seen)) assert.ok(often > 50, `${what}: ${often}`);
});
