import { listAppend } from "./list-append.ts";
import { locks } from "./locks.ts";
import { registers } from "./register.ts";
import { transactions } from "./transactions.ts";
import type { MakeWorkload } from "./workload.ts";

export const WORKLOADS = ["register", "transactions", "list-append", "locks"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

export const MAKE_WORKLOAD: Readonly<Record<WorkloadName, MakeWorkload>> = {
  register: registers,
  transactions,
  "list-append": listAppend,
  locks,
};
