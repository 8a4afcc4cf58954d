import type { History, Operation } from "../history.ts";
import type { Violation } from "../verdict.ts";
import type { Clock } from "./clock.ts";
import { brief, shorten } from "./escape.ts";
import { isReading, labelOf, valueText } from "./label.ts";

/**
 * Why an answer to a read cannot be, in one sentence that names the one operation it contradicts, for objects that hold
 * one value: nobody wrote it, it was written later, or something else had been written over it.
 * @returns undefined where it is not as simple as that.
 */
export function contradiction(
  { key }: Violation,
  culprit: Operation,
  history: History,
  clock: Clock,
): string | undefined {
  if (culprit.f === "txn" || !isReading(culprit) || culprit.outcome !== "ok" || isCompound(culprit.output))
    return undefined;
  const same = history.filter((operation) => operation.outcome !== "fail" && operation.key === (key ?? culprit.key));
  if (same.some(({ f }) => !KNOWN.has(f))) return undefined; // an object of another kind, whose values come about otherwise
  if (same.some(({ f }) => f === "append")) return missingAppend(same, culprit, clock);
  const writes = same.flatMap((operation) => {
    const value = writtenBy(operation);
    return value === undefined ? [] : [{ operation, value }];
  });
  const claim = answered(culprit, clock);
  const [nil, value] = [culprit.output ?? null, valueText(culprit.output)];
  const makers = writes.filter((write) => Object.is(write.value ?? null, nil)).map(({ operation }) => operation);
  const before = makers.filter(({ call }) => call <= culprit.return);
  if (before.length === 0 && nil !== null) {
    const first = makers.reduce<Operation | undefined>(
      (a, b) => (a === undefined || b.call < a.call ? b : a),
      undefined,
    );
    if (first === undefined) return `${claim} although nobody ever wrote ${shorten(value, 80)}.`;
    return `${claim} although ${shorten(value, 80)} was first written after that: ${tell(first)} was called at ${clock.at(first.call)}.`;
  }
  const over = writes.filter(({ operation, value: other }) => {
    if (operation.outcome !== "ok" || operation.return >= culprit.call || Object.is(other ?? null, nil)) return false;
    return before.every((maker) => maker.outcome === "ok" && maker.return < operation.call);
  });
  if (over.length === 0) return undefined;
  const { operation } = over.reduce((a, b) => (b.operation.return > a.operation.return ? b : a));
  const by = operation.node === undefined ? "" : ` at ${brief(operation.node)}`;
  return `${claim} although ${tell(operation)}${by} had finished at ${clock.at(operation.return)}.`;
}

/** A text that grows: what was appended before the read began must be in it, if nothing has replaced the text since. */
function missingAppend(same: History, culprit: Operation, clock: Clock): string | undefined {
  const text = culprit.output ?? "";
  if (typeof text !== "string") return undefined;
  const missing = same.filter(({ f, input, outcome, call, return: end }) => {
    if (f !== "append" || outcome !== "ok" || end >= culprit.call || typeof input !== "string") return false;
    const isReplaced = same.some(
      (other) => other.f !== "append" && !isReading(other) && other.return >= call && other.call <= culprit.return,
    );
    return !isReplaced && !text.includes(input);
  });
  const first = missing.reduce<Operation | undefined>(
    (a, b) => (a === undefined || b.return < a.return ? b : a),
    undefined,
  );
  if (first === undefined) return undefined;
  const value = shorten(valueText(first.input), 80);
  return `${answered(culprit, clock)}, without the ${value} that client ${first.process} had appended by ${clock.at(first.return)}.`;
}

const KNOWN: ReadonlySet<string> = new Set(["read", "get", "write", "put", "cas", "delete", "append"]);

function isCompound(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** The value that an operation may have left; undefined if it certainly left none. */
function writtenBy(operation: Operation): unknown {
  const { f, input, outcome, output } = operation;
  if (f === "write" || f === "put") return input ?? null;
  if (f === "delete") return null;
  if (f !== "cas" || (outcome === "ok" && output === false)) return undefined;
  if (Array.isArray(input)) return input[1];
  return (input as { to?: unknown } | null)?.to;
}

/** "client 3's read → 4". */
function tell(operation: Operation): string {
  return `client ${operation.process}'s ${shorten(labelOf(operation), 80)}`;
}

/** "n2 answered client 3's read with 3 at 412 ms". */
function answered(operation: Operation, clock: Clock): string {
  const whose = `${operation.process}'s ${brief(operation.f)}`;
  const at = clock.at(operation.return);
  const who =
    operation.node === undefined ? `Client ${whose} was answered` : `${brief(operation.node)} answered client ${whose}`;
  return `${who} with ${shorten(valueText(operation.output), 80)} at ${at}`;
}
