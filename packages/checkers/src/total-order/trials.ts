import type { History, Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { checkTotalOrder } from "./total-order.ts";

const MESSAGES: readonly string[] = ["a", "b", "c", "d"];
const PROCESSES: readonly number[] = [1, 2, 3];

/** Four messages; each of three processes delivers some first part of them, perhaps with one moved or left out. */
export function randomDeliveries(seed: number): History {
  const draw = random(seed);
  const history = MESSAGES.map((message, time) => at(time, 9, "broadcast", message));
  for (const process of PROCESSES) {
    const own = [...MESSAGES];
    if (draw(3) === 0) own.splice(draw(3), 0, ...own.splice(draw(4), 1));
    if (draw(4) === 0) own.splice(draw(4), 1);
    for (const message of own.slice(0, 1 + draw(4))) history.push(at(history.length, process, "deliver", message));
  }
  return history;
}

function at(time: number, process: number, f: "broadcast" | "deliver", message: string): Operation {
  const asked = { process, key: "", f, call: 10 * time, return: 10 * time + 1, outcome: "ok" } as const;
  return f === "deliver" ? { ...asked, input: null, output: message } : { ...asked, input: message, output: null };
}

/** Tries every order of all messages: is there one in which all processes move, and one of which all have a beginning? */
export function orderByDefinition(history: History): "ok" | "total order" | "gap" {
  const sequences = PROCESSES.map((process) =>
    history
      .filter((operation) => operation.f === "deliver" && operation.process === process)
      .map(({ output }) => output),
  );
  const orders = permutations(MESSAGES);
  const isOrdered = orders.some((order) =>
    sequences.every((own) =>
      own.every((message, place) => place === 0 || order.indexOf(own[place - 1]) < order.indexOf(message)),
    ),
  );
  const isBeginning = (order: readonly unknown[]): boolean =>
    sequences.every((own) => own.every((message, place) => order[place] === message));
  if (!isOrdered) return "total order";
  return orders.some(isBeginning) ? "ok" : "gap";
}

function permutations(items: readonly unknown[]): unknown[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

export const totalOrderTrials: readonly Trial[] = [
  {
    name: "total-order broadcast",
    play(seed) {
      const history = randomDeliveries(seed);
      const oracle = orderByDefinition(history) === "ok" ? "ok" : "illegal";
      return { history, oracle, checker: checkTotalOrder(history).type };
    },
  },
];
