import { readFileSync } from "node:fs";

/** Linux counts a process's time in hundredths of a second, whatever the machine. */
const MICROSECONDS_PER_TICK = 10_000;

/** User and system time that these processes have used so far, in microseconds. */
export function cpuMicroseconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // The name in the second field may hold blanks and brackets; what follows its last bracket is numbers.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * MICROSECONDS_PER_TICK;
}

/** Resident memory of each process, in MiB. */
export function residentMiB(pids: readonly number[]): number[] {
  return pids.map((pid) => {
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kibibytes) / 1024);
  });
}
