import type { History } from "../history.ts";
import type { Model } from "../model.ts";
import { bag } from "./bag.ts";
import { bank } from "./bank.ts";
import { counter } from "./counter.ts";
import { keyValue } from "./kv.ts";
import { ledger } from "./ledger.ts";
import { lock } from "./lock.ts";
import { map, multiRegister } from "./map.ts";
import { queue } from "./queue.ts";
import { casRegister, register } from "./register.ts";
import { revisionedKey } from "./revisioned.ts";
import { set } from "./set.ts";

/** Every model by the name that files and command lines give it. Some look into the history for how absence is told. */
export const MODELS: Readonly<Record<string, (history: History) => Model<unknown>>> = {
  register: () => register(),
  "cas-register": () => casRegister(),
  kv: (history) => keyValue(absent(history)),
  "revisioned-kv": () => revisionedKey(),
  map: () => map(),
  "multi-register": () => multiRegister(),
  queue: () => queue(),
  bag: () => bag(),
  set: () => set(),
  counter: () => counter(),
  lock: () => lock(),
  bank: () => bank(),
  ledger: () => ledger(),
};

/** Some stores answer "" for a key that was never written, others say that it is absent. */
function absent(history: History): "" | null {
  const answers = history
    .filter(({ f, outcome }) => f === "get" && outcome === "ok")
    .map(({ output }) => output ?? null);
  return answers.includes("") && !answers.includes(null) ? "" : null;
}
