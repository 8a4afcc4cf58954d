import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { hashText, sameValue, shown, textOf } from "../values.ts";

export interface Transfer {
  readonly from: string | number;
  readonly to: string | number;
  readonly amount: number;
}

/** Accounts by name, in the order of their names. Until somebody reads, only the changes since the start are known. */
export interface BankState {
  readonly known: boolean;
  readonly accounts: Readonly<Record<string, Account>>;
}

interface Account {
  /** Or the change since the start. */
  readonly balance: number;
  /** What the balance at the start must at least have been, and what it must have been below, for all that was told. */
  readonly least: number;
  readonly below: number;
}

const UNTOUCHED: Account = { balance: 0, least: 0, below: Number.POSITIVE_INFINITY };

export interface BankOptions {
  /** By account; if absent, whatever the first read implies. */
  readonly balances?: Readonly<Record<string, number>>;
  /** Balances may fall below zero. */
  readonly overdraft?: boolean;
}

/**
 * Accounts that money is moved between.
 *
 * - `transfer`: input `{from, to, amount}`, output false if it was refused for want of money, anything else if it was done.
 * - `read`: output the balances of all accounts, `{a: 10, b: 0}`; an account that is left out has nothing.
 */
export function bank({ balances, overdraft = false }: BankOptions = {}): Model<BankState> {
  return {
    initial: { known: balances !== undefined, accounts: balances === undefined ? {} : accountsOf(balances) },
    step: (state, operation) =>
      operation.f === "read" ? stepRead(state, operation) : stepTransfer(state, operation, overdraft),
    equal: sameValue,
    hash: (state) => hashText(textOf(state)),
    isRead: ({ f, outcome, output }) => f === "read" || (f === "transfer" && outcome === "ok" && output === false),
    describe({ f, input, output, outcome }) {
      if (f === "read") return outcome === "ok" ? `read ${shown(output)}` : "asked to read";
      const { from, to, amount } = input as Transfer;
      const verb = outcome !== "ok" ? "asked to move" : output === false ? "could not move" : "moved";
      return `${verb} ${amount} from ${from} to ${to}`;
    },
    describeState({ known, accounts }) {
      const told = Object.entries(accounts).map(([name, { balance }]) => [name, balance]);
      return known
        ? shown(Object.fromEntries(told))
        : `anything that the transfers so far changed by ${shown(Object.fromEntries(told))}`;
    },
    subject: "the accounts",
  };
}

function accountsOf(balances: Readonly<Record<string, number>>): Record<string, Account> {
  const filled = Object.entries(balances).filter(([, balance]) => balance !== 0);
  return Object.fromEntries(filled.map(([name, balance]) => [name, { ...UNTOUCHED, balance }]));
}

function stepRead(state: BankState, { output, outcome }: Operation): BankState | undefined {
  if (outcome !== "ok") return state;
  if (typeof output !== "object" || output === null) return undefined;
  const told = accountsOf(output as Record<string, number>);
  if (state.known) return sameValue(told, settled(state.accounts)) ? state : undefined;
  // The first read tells what there was at the start, which all answers before it must agree with.
  for (const [name, account] of Object.entries(state.accounts)) {
    const start = accountOf(told, name).balance - account.balance;
    if (start < account.least || start >= account.below) return undefined;
  }
  return { known: true, accounts: told };
}

function stepTransfer(state: BankState, operation: Operation, overdraft: boolean): BankState | undefined {
  if (operation.f !== "transfer") return undefined;
  const { from, to, amount } = operation.input as Transfer;
  const payer = accountOf(state.accounts, String(from));
  const refused = operation.outcome === "ok" && operation.output === false;
  const short = amount - payer.balance;
  if (state.known && !overdraft && refused !== short > 0) return undefined;
  if (refused) {
    if (overdraft) return undefined;
    return state.known ? state : changed(state, from, { ...payer, below: Math.min(payer.below, short) });
  }
  const least = state.known || overdraft ? payer.least : Math.max(payer.least, short);
  const paid = changed(state, from, { ...payer, least, balance: payer.balance - amount });
  const payee = accountOf(paid.accounts, String(to));
  return changed(paid, to, { ...payee, balance: payee.balance + amount });
}

function accountOf(accounts: Readonly<Record<string, Account>>, name: string): Account {
  return Object.hasOwn(accounts, name) ? (accounts[name] as Account) : UNTOUCHED;
}

function changed(state: BankState, name: string | number, account: Account): BankState {
  const accounts = Object.fromEntries([...Object.entries(state.accounts), [String(name), account]]);
  return { known: state.known, accounts: state.known ? settled(accounts) : accounts };
}

/** Empty accounts left out: nobody can tell them from those that never were. */
function settled(accounts: Readonly<Record<string, Account>>): Readonly<Record<string, Account>> {
  const left = Object.entries(accounts).filter(([, { balance }]) => balance !== 0);
  return Object.fromEntries(left.map(([name, { balance }]) => [name, { ...UNTOUCHED, balance }]));
}
