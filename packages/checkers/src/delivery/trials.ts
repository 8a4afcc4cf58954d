import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { checkDelivery } from "./delivery.ts";

/**
 * Three messages of one producer: with odd seeds delivered to any of two consumers at any times, or not, and acknowledged
 * by either; with even ones mostly as it should be.
 */
export function randomLog(seed: number): History {
  const draw = random(seed);
  const asked = { key: "q", output: null, outcome: "ok" } as const;
  const log: Operation[] = [];
  for (const input of [1, 2, 3]) {
    const call = draw(30);
    const sent = { ...asked, process: 1, f: "publish", input, call, return: call + 5 };
    const fate = draw(8);
    if (fate === 0) log.push({ ...sent, output: undefined, outcome: "unknown", return: NEVER_RETURNED });
    else log.push(fate === 1 ? { ...sent, output: undefined, outcome: "fail" } : sent);
    const [isWild, later] = [seed % 2 === 1, draw(4) === 0 ? draw(30) : 0];
    for (let turn = isWild ? draw(3) : 1; turn > 0; turn -= 1) {
      const [time, process] = isWild ? [draw(40), 2 + draw(2)] : [100 + 2 * call + later, 2];
      const output = draw(4) === 0 ? { message: input, redelivered: true } : { message: input };
      if (fate === 1 && !isWild) continue;
      log.push({ ...asked, process, f: "deliver", input: null, output, call: time, return: time });
    }
    const [time, process] = isWild ? [draw(40), 2 + draw(2)] : [200, 2];
    const isTaken = draw(2) === 0 && (isWild || fate !== 1);
    if (isTaken) log.push({ ...asked, process, f: "ack", input, call: time, return: time + 1 });
  }
  return log;
}

/** The definitions in words, pair by pair, for a drained queue and messages that were published once. */
export function faultsByDefinition(log: History): Record<string, number> {
  const messages = log
    .filter(({ f }) => f === "publish")
    .map((sent) => ({
      sent,
      got: log.filter(({ f, output }) => f === "deliver" && (output as { message: unknown }).message === sent.input),
      done: log.find(({ f, input }) => f === "ack" && input === sent.input),
    }));
  type Message = (typeof messages)[number];
  const isGiven = ({ got, done }: Message): boolean =>
    got.some(({ process, call }) => process === done?.process && call <= done.return);
  const first = ({ got }: Message): Operation => got[0] as Operation;
  const stream = messages.filter(
    ({ sent, got }) => sent.outcome === "ok" && got.length === 1 && !("redelivered" in (got[0]!.output as object)),
  );
  const isOvertaken = (a: Message): boolean =>
    stream.some(
      (b) => a.sent.call < b.sent.call && first(a).process === first(b).process && first(b).return < first(a).call,
    );
  return {
    lost: messages.filter(({ sent, got }) => sent.outcome === "ok" && got.length === 0).length,
    unexpected: messages.filter(({ sent, got }) => got.some((one) => sent.outcome === "fail" || one.return < sent.call))
      .length,
    phantomAcknowledgements: messages.filter((message) => message.done !== undefined && !isGiven(message)).length,
    duplicated: messages.filter((message) => {
      const { got, done } = message;
      return done !== undefined && isGiven(message) && got.some((one) => one.call > done.return);
    }).length,
    reordered: stream.filter(isOvertaken).length,
  };
}

export const deliveryTrials: readonly Trial[] = [
  {
    name: "delivery queue",
    play(seed) {
      const history = randomLog(seed);
      const isWrong = Object.values(faultsByDefinition(history)).some((count) => count > 0);
      const checker = checkDelivery(history, { drained: true }).verdict.type;
      return { history, oracle: isWrong ? "illegal" : "ok", checker };
    },
  },
];
