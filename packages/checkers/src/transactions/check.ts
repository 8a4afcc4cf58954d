import type { History, Operation } from "../history.ts";
import type { Limits, Verdict, Violation } from "../verdict.ts";
import { findCycles, type Step } from "./cycles.ts";
import { type Evidence, findDirectAnomalies, findLostUpdates } from "./direct.ts";
import { Explainer } from "./explain.ts";
import { type Finding, Findings } from "./findings.ts";
import { EdgeList } from "./graph.ts";
import { externalReads } from "./internal.ts";
import { addListEdges, findListAnomalies } from "./list-append.ts";
import { operationOf, tableOf } from "./micro-operations.ts";
import { type ConsistencyModel, isModel, MODELS, ruledOut, strongestOf } from "./models.ts";
import { addRegisterEdges } from "./rw-register.ts";
import { addProcessEdges, addRealtimeEdges, byCall } from "./session-edges.ts";
import type { TransactionTable, Workload } from "./table.ts";
import { Teller } from "./telling.ts";
import { orderVersions } from "./version-order.ts";
import { findWriters } from "./writers.ts";

export interface TransactionOptions extends Limits {
  /** What the system promises; the verdict is illegal if one of these is ruled out. Names as in `MODELS`. */
  readonly models?: readonly string[];
  /** Does the order of each client's transactions count? Without it no strong session model is judged. */
  readonly process?: boolean;
  /** Does real time count? Without it no strong model is judged. */
  readonly realtime?: boolean;
  /** Registers: does a write in a transaction that read the key come after what it read? */
  readonly writesFollowReads?: boolean;
  /** Violations told of each anomaly. */
  readonly mostOfEach?: number;
}

export interface HistoryOptions extends TransactionOptions {
  readonly workload: Workload;
  /** What a register holds before its first write. */
  readonly initial?: unknown;
}

const DEFAULT_MODELS: readonly string[] = ["strict-serializable"];
const MOST_OF_EACH = 3;

/** All that could be found out about a history, whatever was promised. */
export interface Analysis {
  /** The first few of each anomaly, and how many there were of it. */
  readonly findings: readonly Finding[];
  readonly counts: ReadonlyMap<string, number>;
  /** Weakest first. */
  readonly not: readonly ConsistencyModel[];
  /** Why nothing can be said of some keys, in sentences. */
  readonly unclear: readonly string[];
  /** Sorts of cycle whose search reached its limit without finding one. */
  readonly gaveUp: readonly string[];
}

/**
 * Isolation anomalies in a history of transactions, after Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from
 * Experimental Observations" (VLDB 2020): who wrote what was read, in which order versions followed each other, and the
 * cycles of dependencies between transactions that follow from it.
 *
 * Whatever is reported did happen; not everything that happened can be inferred. Every value is written at most once to a key.
 * `maxSteps` counts edges looked at for each sort of cycle.
 *
 * @param history operations whose input and output are micro-operations (see `MicroOperation`).
 */
export function checkTransactions(history: History, options: HistoryOptions): Verdict {
  const table = tableOf(history, options.workload, options.initial);
  if (typeof table === "string") return { type: "unknown", reason: `The history cannot be judged: ${table}.` };
  return verdictOf(analyze(table, options), options, (row) => history[row]!);
}

/** The same for a table that somebody filled without making a history. */
export function checkTransactionTable(table: TransactionTable, options: TransactionOptions = {}): Verdict {
  return verdictOf(analyze(table, options), options, (row) => operationOf(table, row));
}

/** Every anomaly, also those that are no violation of what was promised. */
export function analyze(table: TransactionTable, options: TransactionOptions = {}): Analysis {
  const { process = true, realtime = true, writesFollowReads = true, mostOfEach = MOST_OF_EACH } = options;
  const findings = new Findings(mostOfEach);
  const tell = new Teller(table);
  const writers = findWriters(table);
  const external = externalReads(table, tell, findings);
  const evidence: Evidence = { table, writers, external, tell, findings };
  const isList = table.workload === "list-append";
  if (isList) findListAnomalies(evidence);
  findDirectAnomalies(evidence);
  findLostUpdates(evidence);

  const edges = new EdgeList(table.length);
  const order = byCall(table);
  const versions = isList ? undefined : orderVersions(evidence, order, { writesFollowReads, process, realtime });
  if (versions === undefined) addListEdges(evidence, edges);
  else addRegisterEdges(evidence, versions, edges);
  if (process) addProcessEdges(table, writers, order, edges);
  if (realtime) addRealtimeEdges(table, writers, order, edges);

  const explainer = new Explainer(evidence, versions);
  const report = (name: string, rules: readonly string[], steps: readonly Step[]): void =>
    findings.add(name, () => explainer.cycle(name, steps), withUnanswered(evidence, rules, steps));
  const isNews = (name: string): boolean => {
    const known = ruledOut(findings.rules);
    return ruledOut([name]).some((model) => !known.includes(model));
  };
  const gaveUp = findCycles(edges.graph(), options, report, isNews);
  const unclear = [...writers.ambiguousKeys].map(
    ([key, element]) =>
      `${tell.value(element)} was written to ${tell.key(key)} more than once, or was there from the start`,
  );
  return { findings: findings.kept, counts: findings.counts, not: ruledOut(findings.rules), unclear, gaveUp };
}

/**
 * A write cycle through an unanswered transaction proves a little less: what was read of it is either committed, or was an
 * aborted read, which the weakest models allow.
 */
function withUnanswered(
  { table }: Evidence,
  rules: readonly string[],
  steps: readonly { from: number }[],
): readonly string[] {
  const isAnswered = steps.every(({ from }) => table.outcome.array[from] === 0);
  return isAnswered ? rules : rules.map((rule) => rule.replace(/^G0/, "G1c"));
}

function verdictOf(analysis: Analysis, options: TransactionOptions, operation: (row: number) => Operation): Verdict {
  const models = (options.models ?? DEFAULT_MODELS).map((name) => {
    if (isModel(name)) return name;
    throw new RangeError(`no consistency model is called ${JSON.stringify(name)}; there are: ${MODELS.join(", ")}`);
  });
  const isViolation = ({ rules }: Finding): boolean => ruledOut(rules).some((model) => models.includes(model));
  const toldOf = new Set<string>();
  const violations = analysis.findings.filter(isViolation).map((finding): Violation => {
    const count = analysis.counts.get(finding.anomaly)!;
    const isFirst = !toldOf.has(finding.anomaly);
    toldOf.add(finding.anomaly);
    return violationOf(finding, isFirst && count > 1 ? ` (The first of ${count} that were found.)` : "", operation);
  });
  const [first, ...others] = violations;
  if (first !== undefined) return { type: "illegal", violations: [first, ...others], not: analysis.not };
  if (analysis.unclear.length > 0) {
    return { type: "unknown", reason: `Some keys cannot be judged: ${analysis.unclear.slice(0, 3).join("; ")}.` };
  }
  const mightBe = analysis.gaveUp.filter((name) => ruledOut([name]).some((model) => models.includes(model)));
  if (mightBe.length > 0)
    return { type: "unknown", reason: `Gave up the search for ${mightBe.join(", ")} at its limit.` };
  return { type: "ok", weakest: strongestHeld(analysis, options) };
}

/** The strongest model that was looked at and is not ruled out. */
function strongestHeld({ not, gaveUp }: Analysis, { process = true, realtime = true }: TransactionOptions): string {
  const open = ruledOut(gaveUp);
  const isJudged = (model: ConsistencyModel): boolean => {
    if (!realtime && (model === "strict-serializable" || /^strong-(?!session)/.test(model))) return false;
    return process || !(model === "strict-serializable" || model.startsWith("strong-"));
  };
  const held = MODELS.filter((model) => !not.includes(model) && !open.includes(model) && isJudged(model));
  return strongestOf(held).at(-1) ?? "none";
}

function violationOf(finding: Finding, note: string, operation: (row: number) => Operation): Violation {
  const { anomaly, reason, transactions, edges, culprit, key } = finding;
  const operations = transactions.map(operation);
  const blamed = culprit === undefined ? undefined : operations[transactions.indexOf(culprit)];
  if (edges === undefined) operations.sort((a, b) => a.call - b.call);
  return {
    anomaly,
    reason: `${reason}${note}`,
    operations,
    ...(edges === undefined ? {} : { edges }),
    ...(key === undefined ? {} : { key }),
    ...(blamed === undefined ? {} : { culprit: blamed }),
  };
}
