import type { Kit } from "@synod/simulator/kit";
import type { Message, PrimaryBackupStore, Surroundings } from "./store.ts";

type Store = new (around: Surroundings, role: "primary" | "backup" | "joining") => PrimaryBackupStore;

/** The glue: how a node starts, how it takes a message and a request, and what clients ask. */
export function kitFor(Store: Store): Kit<Message> {
  return {
    nodes: 2,
    faults: ["crash"],
    start: ({ id, restarts, now, send, every }) => {
      const around = {
        send: (message: Message) => send(3 - id, message),
        now: () => now() / 1_000,
        every: (milliseconds: number, what: () => void) => every(milliseconds * 1_000, what),
      };
      const store = new Store(around, restarts > 0 ? "joining" : id === 1 ? "primary" : "backup");
      return {
        receive: (_from, message) => store.receive(message),
        request: ({ f, key, input }, answer) => {
          if (store.role !== "primary") answer.fail();
          else if (f === "read") answer.ok(store.get(key));
          else store.set(key, input, () => answer.ok(null));
        },
      };
    },
    ask: (random, number) => ({ f: random.pick(["read", "write"]), key: "x", input: number, to: random.between(1, 2) }),
  };
}
