import { readFileSync } from "node:fs";

/** Linux counts a process's time in hundredths of a second, whatever the machine. */
const MICROSECONDS_PER_TICK = 10_000;

/** User and system time that these processes have used so far, in microseconds. */
export function cpuMicroseconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statistics(String(pid));
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * MICROSECONDS_PER_TICK;
}

/** The same of all children that this process has had and that have ended. */
export function endedChildrenCpuMicroseconds(): number {
  const fields = statistics("self");
  return (Number(fields[13]) + Number(fields[14])) * MICROSECONDS_PER_TICK;
}

/** The numbers of proc_pid_stat(5) from its third field, the state, on. */
function statistics(process: string): string[] {
  // The name in the second field may hold blanks and brackets; what follows its last bracket is numbers.
  const stat = readFileSync(`/proc/${process}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Resident memory of each process, in MiB. */
export function residentMiB(pids: readonly number[]): number[] {
  return pids.map((pid) => Math.round(residence(pid).residentMiB));
}

/** What a process has in memory. */
export interface Residence {
  readonly residentMiB: number;
  /** Of these, what belongs to no file: mapped files (as etcd's database is) can be dropped and read again. */
  readonly anonymousMiB: number;
}

export function residence(pid: number): Residence {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
  return { residentMiB: mebibytes("VmRSS"), anonymousMiB: mebibytes("RssAnon") };
}
