import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { shown } from "../values.ts";
import { hashValue, type Value } from "./register.ts";

/**
 * One key of a store that numbers its writes, as etcd does: every answered write says its revision, every read says the
 * revision that wrote the value. Stricter than the register: equal values of different writes are told apart.
 *
 * - `get`: output `{value, revision}`, revision 0 when absent.
 * - `put`: input the value, output `{revision}`.
 * - `delete`: output `{revision}`, or revision 0 if there was nothing to delete.
 * - `cas`: input `{revision, to}`: write if the key's revision still is that; output `{done, revision}`.
 */
export interface RevisionedState {
  readonly value: Value;
  /** The revision of the last write; undefined after a write whose answer was lost, until somebody reads it. */
  readonly revision: number | undefined;
  /** The highest revision known to be used up; the next write lies above. */
  readonly floor: number;
}

interface Answer {
  readonly value?: Value;
  readonly done?: boolean;
  readonly revision: number;
}

const ABSENT: RevisionedState = { value: null, revision: 0, floor: 0 };

export function revisionedKey(): Model<RevisionedState> {
  return {
    initial: ABSENT,
    step: stepRevisioned,
    equal: (a, b) => Object.is(a.value, b.value) && a.revision === b.revision && a.floor === b.floor,
    hash: (state) => Math.imul(hashValue(state.value), 31) + (state.revision ?? -1) + state.floor * 7,
    isRead: (operation) => operation.f === "get",
    describe: describeRevisioned,
    describeState: (state) => `${shown(state.value)} of revision ${state.revision ?? `above ${state.floor}`}`,
  };
}

function stepRevisioned(state: RevisionedState, operation: Operation): RevisionedState | undefined {
  const answer = operation.outcome === "ok" ? (operation.output as Answer) : undefined;
  switch (operation.f) {
    case "get":
      return answer === undefined ? state : observed(state, answer.value ?? null, answer.revision);
    case "put":
      return written(state, operation.input as Value, answer?.revision);
    case "delete":
      return deleted(state, answer?.revision);
    case "cas": {
      const { revision, to } = operation.input as { revision: number; to: Value };
      return compared(state, revision, to, answer);
    }
    default:
      return undefined;
  }
}

/** A read that answers `revision`: it must be the last write's, which it may be the first to tell. */
function observed(state: RevisionedState, value: Value, revision: number): RevisionedState | undefined {
  if (!Object.is(state.value, value)) return undefined;
  if (state.revision !== undefined) return state.revision === revision ? state : undefined;
  if (value === null) return revision === 0 ? state : undefined;
  return revision > state.floor ? { value, revision, floor: revision } : undefined;
}

function written(state: RevisionedState, value: Value, revision: number | undefined): RevisionedState | undefined {
  if (revision === undefined) return { value, revision: undefined, floor: state.floor };
  return revision > state.floor ? { value, revision, floor: revision } : undefined;
}

function deleted(state: RevisionedState, revision: number | undefined): RevisionedState | undefined {
  if (state.value === null) return revision === undefined || revision === 0 ? state : undefined;
  if (revision === undefined) return { value: null, revision: 0, floor: state.floor };
  return revision > state.floor ? { value: null, revision: 0, floor: revision } : undefined;
}

function compared(
  state: RevisionedState,
  expected: number,
  to: Value,
  answer: Answer | undefined,
): RevisionedState | undefined {
  // The revision of a lost write is unknown, so the comparison may go either way, except with one used up before.
  const possible = state.revision === undefined ? expected > state.floor : state.revision === expected;
  const refused = state.revision !== expected ? state : undefined;
  if (answer === undefined) return possible ? written(state, to, undefined) : state;
  if (!answer.done) return refused;
  return possible ? written({ ...state, floor: Math.max(state.floor, expected) }, to, answer.revision) : undefined;
}

function describeRevisioned({ f, input, output, outcome }: Operation): string {
  const answer = outcome === "ok" ? (output as Answer) : undefined;
  const made = answer === undefined ? "" : ` as revision ${answer.revision}`;
  const asked = answer === undefined ? "asked to " : "";
  switch (f) {
    case "get":
      return answer === undefined ? "asked to get it" : `got ${shown(answer.value)} of revision ${answer.revision}`;
    case "put":
      return `${asked}put ${shown(input)}${made}`;
    case "delete":
      return answer === undefined ? "asked to delete it" : `deleted it${made}`;
    case "cas": {
      const { revision, to } = input as { revision: number; to: Value };
      if (answer?.done === false) return `found revision ${answer.revision} where it expected ${revision}`;
      return `${asked}put ${shown(to)} over revision ${revision}${made}`;
    }
    default:
      return `${f} ${shown(input)}`;
  }
}
