import { type History, NEVER_RETURNED, type Operation } from "../history.ts";

/** One client's line, or several clients' that were never there at the same time. */
export interface Lane {
  readonly processes: readonly number[];
  /** Operations that were under way at the same time lie in rows below each other. */
  readonly rows: readonly (readonly Operation[])[];
}

/** With more clients than this, those that came after each other share a line. */
const MOST_OWN = 20;

/** By number of the client. Each row is in order of call. */
export function lanesOf(operations: History): Lane[] {
  const byProcess = new Map<number, Operation[]>();
  for (const operation of [...operations].sort((a, b) => a.call - b.call)) {
    const own = byProcess.get(operation.process);
    if (own === undefined) byProcess.set(operation.process, [operation]);
    else own.push(operation);
  }
  const processes = [...byProcess].sort(([a], [b]) => a - b);
  if (processes.length > MOST_OWN) return shared(processes);
  return processes.map(([process, own]) => ({ processes: [process], rows: rowsOf(own) }));
}

function rowsOf(operations: readonly Operation[]): Operation[][] {
  const rows: Operation[][] = [];
  for (const operation of operations) {
    const row = rows.find((candidate) => isFree(candidate, operation));
    if (row === undefined) rows.push([operation]);
    else row.push(operation);
  }
  return rows;
}

function isFree(row: readonly Operation[], operation: Operation): boolean {
  const last = row.at(-1);
  return last === undefined || (last.return !== NEVER_RETURNED && last.return <= operation.call);
}

interface Shared {
  processes: number[];
  operations: Operation[];
  free: number;
}

function shared(processes: readonly (readonly [number, Operation[]])[]): Lane[] {
  const lanes: Shared[] = [];
  const byStart = [...processes].sort(([, a], [, b]) => a[0]!.call - b[0]!.call);
  for (const [process, operations] of byStart) {
    const lane = lanes.find(({ free }) => free < operations[0]!.call) ?? { processes: [], operations: [], free: -1 };
    if (lane.processes.length === 0) lanes.push(lane);
    lane.processes.push(process);
    lane.operations.push(...operations);
    // One that was never answered gives way to the next client: its bar ends where the next begins.
    lane.free = operations.reduce(
      (free, { call, return: end }) => Math.max(free, end === NEVER_RETURNED ? call : end),
      0,
    );
  }
  return lanes.map(({ processes, operations }) => ({ processes, rows: foldedRows(operations) }));
}

function foldedRows(operations: readonly Operation[]): Operation[][] {
  const rows: Operation[][] = [];
  for (const operation of operations) {
    const row = rows.find((candidate) => {
      const last = candidate.at(-1) as Operation;
      return (last.return === NEVER_RETURNED ? last.call + 1 : last.return) <= operation.call;
    });
    if (row === undefined) rows.push([operation]);
    else row.push(operation);
  }
  return rows;
}
