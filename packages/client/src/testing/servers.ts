import { Etcd } from "./etcd.ts";
import type { StoreServer } from "./store-server.ts";
import { Synod } from "./synod.ts";

export type { StoreServer } from "./store-server.ts";

/** Whoever speaks the etcd v3 API here: the same tests are asked of each. */
export const servers: Readonly<Record<"etcd" | "synod", () => Promise<StoreServer>>> = {
  etcd: () => Etcd.start(),
  synod: () => Synod.start(),
};
