import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { hashText, shown, textOf } from "../values.ts";

export interface LockState {
  /** Undefined if it is free. */
  readonly holder: unknown;
  /** The highest fencing token that was told. */
  readonly token: number;
}

/**
 * A lock for one holder at a time, who cannot acquire it again (not re-entrant).
 *
 * - `acquire`: output false if it was refused because somebody holds it; a number, or `{token}`, if it gives a fencing token,
 *   which must be higher than all before; anything else if it just was acquired.
 * - `release`: output false if it was refused because the caller does not hold it.
 *
 * The holder is the input, or the process if the input is null: give a name if a client outlives its processes.
 */
export function lock(): Model<LockState> {
  return {
    initial: { holder: undefined, token: 0 },
    step: stepLock,
    equal: (a, b) => a.token === b.token && textOf(a.holder) === textOf(b.holder),
    hash: (state) => hashText(`${textOf(state.holder)} ${state.token}`),
    isRead: ({ outcome, output }) => outcome === "ok" && output === false,
    usesProcess: true,
    describe: describeLock,
    describeState({ holder, token }) {
      const who = typeof holder === "number" ? `process ${holder}` : shown(holder);
      const told = token === 0 ? "" : `, the last token ${token}`;
      return (holder === undefined ? "free" : `held by ${who}`) + told;
    },
    subject: "the lock",
  };
}

function stepLock(state: LockState, operation: Operation): LockState | undefined {
  const owner = operation.input ?? operation.process;
  const refused = operation.outcome === "ok" && operation.output === false;
  const holds = state.holder !== undefined && textOf(state.holder) === textOf(owner);
  if (operation.f === "release") {
    if (refused) return holds ? undefined : state;
    return holds ? { ...state, holder: undefined } : undefined;
  }
  if (operation.f !== "acquire") return undefined;
  if (refused) return state.holder === undefined ? undefined : state;
  if (state.holder !== undefined) return undefined;
  const token = tokenOf(operation);
  if (token === undefined) return { ...state, holder: owner };
  return token > state.token ? { holder: owner, token } : undefined;
}

function tokenOf({ output, outcome }: Operation): number | undefined {
  if (outcome !== "ok") return undefined;
  const token = typeof output === "object" && output !== null ? (output as { token?: unknown }).token : output;
  return typeof token === "number" ? token : undefined;
}

function describeLock(operation: Operation): string {
  const { f, input, output, outcome } = operation;
  const who = input === null || input === undefined ? "" : ` for ${shown(input)}`;
  const verb = f === "acquire" ? ["acquired", "acquire"] : ["released", "release"];
  if (outcome !== "ok") return `asked to ${verb[1]} the lock${who}`;
  if (output === false) return `was not let ${verb[1]} the lock${who}`;
  const token = f === "acquire" ? tokenOf(operation) : undefined;
  return `${verb[0]} the lock${who}${token === undefined ? "" : ` with token ${token}`}`;
}
