import type { WorkloadName } from "../choices.ts";
import { listAppend } from "./list-append.ts";
import { locks } from "./locks.ts";
import { registers } from "./register.ts";
import { transactions } from "./transactions.ts";
import type { MakeWorkload } from "./workload.ts";

export const MAKE_WORKLOAD: Readonly<Record<WorkloadName, MakeWorkload>> = {
  register: registers,
  transactions,
  "list-append": listAppend,
  locks,
};
