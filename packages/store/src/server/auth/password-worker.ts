import { parentPort, workerData } from "node:worker_threads";
import { compareSync, hashSync } from "bcryptjs";
import type { PasswordAnswer, PasswordTask } from "./passwords.ts";

const cost = (workerData as { cost: number }).cost;
/** Stands for the hash of who has none: to look for a user by the clock must not tell whether there is one. */
const nobodys = hashSync("nobody", cost);

parentPort?.on("message", ({ id, password, hash }: PasswordTask) => {
  const answer: PasswordAnswer =
    hash === undefined
      ? { id, hash: hashSync(password, cost), matches: false }
      : { id, hash: "", matches: compareSync(password, hash === "" ? nobodys : hash) && hash !== "" };
  parentPort?.postMessage(answer);
});
