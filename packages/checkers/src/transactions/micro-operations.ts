import { type History, malformed, type Operation } from "../history.ts";
import { FAIL, OK, READ_UNKNOWN, TransactionTable, type Workload, WRITE } from "./table.ts";

/** Read (value: null in the input, what was read in the output), append to a list, write to a register. */
export type MicroOperation = readonly [verb: "r" | "append" | "w", key: string | number, value: unknown];

/** @returns the history as columns; a sentence if it is not one of transactions. Row i is operation i. */
export function tableOf(history: History, workload: Workload, initial: unknown = null): TransactionTable | string {
  const problem = malformed(history);
  if (problem !== undefined) return problem;
  const table = new TransactionTable(workload, initial);
  for (const [index, operation] of history.entries()) {
    const wrong = addRow(table, operation);
    if (wrong !== undefined) return `operation ${index} (process ${operation.process}) ${wrong}`;
  }
  return table;
}

function addRow(table: TransactionTable, operation: Operation): string | undefined {
  const micro = operation.outcome === "ok" ? (operation.output ?? operation.input) : operation.input;
  if (!Array.isArray(micro)) return `is not a transaction: its micro-operations are ${JSON.stringify(micro)}`;
  table.begin(operation.process, operation.outcome, operation.call, operation.return);
  for (const step of micro) {
    const wrong = addStep(table, step);
    if (wrong !== undefined) return `has a micro-operation that ${wrong}: ${JSON.stringify(step)}`;
  }
  return undefined;
}

function addStep(table: TransactionTable, step: unknown): string | undefined {
  if (!Array.isArray(step) || step.length !== 3) return "is not [verb, key, value]";
  const [verb, key, value] = step as [unknown, unknown, unknown];
  if (typeof key !== "string" && typeof key !== "number") return "has a key that is neither text nor a number";
  const isList = table.workload === "list-append";
  if (verb === "r") {
    if (!isList) table.readRegister(key, value);
    else if (value === null || value === undefined || Array.isArray(value)) table.readList(key, value ?? null);
    else return "read something else than a list";
    return undefined;
  }
  if (verb !== (isList ? "append" : "w")) return `is neither "r" nor "${isList ? "append" : "w"}"`;
  table.write(key, value);
  return undefined;
}

/** Row `row` as an operation of the form that `tableOf` takes. */
export function operationOf(table: TransactionTable, row: number): Operation {
  const input: MicroOperation[] = [];
  const output: MicroOperation[] = [];
  const verb = table.workload === "list-append" ? "append" : "w";
  for (let op = table.first.array[row]!; op < table.end(row); op += 1) {
    const key = table.keys[table.opKey.array[op]!]!;
    if (table.opKind.array[op] === WRITE) {
      const write: MicroOperation = [verb, key, table.elements.value(table.opValue.array[op]!)];
      input.push(write);
      output.push(write);
      continue;
    }
    input.push(["r", key, null]);
    output.push(["r", key, valueRead(table, op)]);
  }
  const code = table.outcome.array[row]!;
  return {
    process: table.processes.array[row]!,
    key: "",
    f: "txn",
    input,
    output: code === OK ? output : undefined,
    call: table.call.array[row]!,
    return: table.return.array[row]!,
    outcome: code === OK ? "ok" : code === FAIL ? "fail" : "unknown",
  };
}

function valueRead(table: TransactionTable, op: number): unknown {
  if (table.opKind.array[op] === READ_UNKNOWN) return null;
  if (table.workload === "list-append") return table.listRead(op).map((element) => table.elements.value(element));
  const element = table.opValue.array[op]!;
  return element < 0 ? table.initial : table.elements.value(element);
}
