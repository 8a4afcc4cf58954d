import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import type { Form } from "./cursor.ts";
import { bad, keyText, timeOf, told } from "./events.ts";
import { errorAt } from "./history-error.ts";
import type { Fault, HistoryFile, TimeUnit } from "./history-file.ts";
import { suggestedModel } from "./suggested-model.ts";
import { jsonOf } from "./write-json.ts";

const VERSION = 1;
const UNITS: readonly string[] = ["ns", "us", "ms", "unknown"];
const OUTCOMES: readonly string[] = ["ok", "fail", "unknown"];

type Fields = Readonly<Record<string, unknown>>;

export function isSynod(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Fields).synod === "history";
}

/**
 * Our own form, JSON lines: first `{"synod":"history","version":1,"unit":"us","model":"cas-register"}`, then a line an operation
 * `{"process":1,"f":"write","key":"x","input":4,"output":null,"call":12,"return":40,"outcome":"ok","node":"n2"}`, or a fault
 * `{"fault":"partition","about":"n1 | n2 n3","from":20,"to":35}`, in any order. What never ended has a `return` or `to` of null.
 */
export function readSynod(forms: Iterable<Form>, text: string, maxOperations: number): HistoryFile {
  const history: Operation[] = [];
  const faults: Fault[] = [];
  let header: Fields | undefined;
  for (const form of forms) {
    const fields = form.value as Fields;
    if (header === undefined) header = checkedHeader(form, text);
    else if (typeof fields !== "object" || fields === null)
      throw bad(text, form.at, "a line is an object, and this is none");
    else if (Object.hasOwn(fields, "fault")) faults.push(faultOf(form, text));
    else if (history.push(operationOf(form, text)) > maxOperations) {
      const problem = `the history has more than ${maxOperations} operations`;
      throw errorAt(text, form.at, "too-many", problem, "Split it by key, or raise the limit.");
    }
  }
  history.sort((a, b) => a.call - b.call);
  const unit = UNITS.includes(header?.unit as string) ? (header?.unit as TimeUnit) : "unknown";
  const model = typeof header?.model === "string" ? header.model : suggestedModel(history);
  return { history, unit, faults, ...(model === undefined ? {} : { model }) };
}

function checkedHeader(form: Form, text: string): Fields {
  const header = form.value as Fields;
  if (header.version === VERSION) return header;
  const problem = `the format's version is ${told(header.version)}, and ${VERSION} is known`;
  throw errorAt(text, form.at, "unsupported-version", problem, "Read it with the release that wrote it.");
}

function operationOf(form: Form, text: string): Operation {
  const fields = form.value as Fields;
  const { process, f, key = "", node, outcome } = fields;
  if (!Number.isSafeInteger(process)) throw bad(text, form.at, `process is ${told(process)}, and no integer`);
  if (typeof f !== "string" || f === "") throw bad(text, form.at, `f is ${told(f)}, and no verb`);
  if (typeof outcome !== "string" || !OUTCOMES.includes(outcome)) {
    throw bad(text, form.at, `outcome is ${told(outcome)}, and not ok, fail or unknown`);
  }
  const call = instant(fields.call, form, text);
  const end = outcome === "unknown" || fields.return == null ? NEVER_RETURNED : instant(fields.return, form, text);
  if (outcome === "ok" && end === NEVER_RETURNED) throw bad(text, form.at, "it is answered, but has no return");
  if (end < call) throw errorAt(text, form.at, "bad-time", "the operation returns before its call", "Use one clock.");
  return {
    process: process as number,
    key: keyText(key, text, form.at),
    f,
    input: fields.input ?? null,
    output: outcome === "ok" ? (fields.output ?? null) : undefined,
    call,
    return: end,
    outcome: outcome as Operation["outcome"],
    ...(typeof node === "string" ? { node } : {}),
  };
}

function faultOf(form: Form, text: string): Fault {
  const { fault, from, to, about } = form.value as Fields;
  if (typeof fault !== "string") throw bad(text, form.at, `fault is ${told(fault)}, and no name`);
  const end = to == null ? NEVER_RETURNED : instant(to, form, text);
  const band = { name: fault, from: instant(from, form, text), to: end };
  return typeof about === "string" ? { ...band, about } : band;
}

function instant(time: unknown, form: Form, text: string): number {
  const given = timeOf(time, text, form.at);
  if (typeof given === "number" && Number.isSafeInteger(given)) return given;
  const problem = `a time is ${told(time)}, and no integer below 2^53`;
  throw errorAt(text, form.at, "bad-time", problem, "Count from the start of the run.");
}

/** What the first line says besides the format. */
export interface SynodHeader {
  readonly unit: TimeUnit;
  readonly model?: string;
}

export function synodHeaderLine({ unit, model }: SynodHeader): string {
  return jsonOf({ synod: "history", version: VERSION, unit, ...(model === undefined ? {} : { model }) });
}

export function synodOperationLine({
  process,
  f,
  key,
  input,
  output,
  call,
  return: end,
  outcome,
  node,
}: Operation): string {
  const asked = { process, f, key, input: input ?? null, output: output ?? null, call };
  const told = { return: end === NEVER_RETURNED ? null : end, outcome };
  return jsonOf(node === undefined ? { ...asked, ...told } : { ...asked, ...told, node });
}

export function synodFaultLine({ name, from, to, about }: Fault): string {
  const band = { fault: name, from, to: to === NEVER_RETURNED ? null : to };
  return jsonOf(about === undefined ? band : { ...band, about });
}

/** The lines of a file, each without its newline. */
export function* synodLines(file: SynodHeader & { history: History; faults: readonly Fault[] }): Generator<string> {
  yield synodHeaderLine(file);
  for (const operation of file.history) yield synodOperationLine(operation);
  for (const fault of file.faults) yield synodFaultLine(fault);
}
