import type { History, Operation } from "../history.ts";
import { tell } from "../sequential/tell.ts";
import { sameValue } from "../values.ts";
import type { Violation, ViolationEdge } from "../verdict.ts";
import type { Edge } from "./graph.ts";
import type { Finding } from "./patterns.ts";
import { INITIAL, type Registers } from "./registers.ts";

/** Puts a finding into words, with all operations that prove it: judged alone, they show the same pattern. */
export function explainCausal(history: History, registers: Registers, finding: Finding): Violation {
  const at = (event: number): Operation => history[registers.events[event]!.operation] as Operation;
  const edges = withProofs(finding);
  const places = new Set<number>();
  const note = (event: number): void => void places.add(registers.events[event]!.operation);
  for (const { from, to, read } of edges) for (const event of [from, to, read ?? to]) note(event);
  if (finding.read !== undefined) note(finding.read);
  const writer = finding.read === undefined ? INITIAL : registers.events[finding.read]!.writer;
  if (writer >= 0) note(writer);
  const operations = [...places].map((place) => history[place] as Operation).sort((a, b) => a.call - b.call);
  const told = closing(edges, finding, registers, history);
  const shown: ViolationEdge[] = [];
  for (const edge of told) {
    const [from, to] = [operations.indexOf(at(edge.from)), operations.indexOf(at(edge.to))];
    if (from !== to) shown.push({ from, to, kind: edge.kind, because: edge.because });
  }
  const keys = new Set(operations.map(({ key }) => key));
  return {
    anomaly: finding.pattern,
    reason: sentence(history, registers, finding, shown),
    operations,
    ...(keys.size === 1 ? { key: operations[0]!.key } : {}),
    ...(finding.read === undefined ? {} : { culprit: at(finding.read) }),
    ...(shown.length > 0 ? { edges: shown } : {}),
  };
}

/** The chain, then for each cf or hb edge how its read knows of the one write, and that it reads the other. */
function withProofs({ chain, graph }: Finding): Edge[] {
  const all: Edge[] = [];
  const seen = new Set<string>();
  const add = (edge: Edge): void => {
    const name = `${edge.from} ${edge.to} ${edge.kind}`;
    if (seen.has(name)) return;
    seen.add(name);
    all.push(edge);
  };
  for (const edge of chain) add(edge);
  for (let next = 0; next < all.length; next += 1) {
    const { from, to, read, round } = all[next]!;
    if (read === undefined) continue;
    for (const edge of graph.path(from, read, round) as Edge[]) add(edge);
    add({ from: to, to: read, kind: "rf", round: 0 });
  }
  return all;
}

type Told = Omit<Edge, "kind"> & { readonly kind: string; readonly because: string };

/** The edges with their reasons, and the one that makes them a cycle: a read comes before what it does not know of. */
function closing(edges: readonly Edge[], finding: Finding, registers: Registers, history: History): Told[] {
  const told: Told[] = edges.map((edge) => ({ ...edge, because: because(edge, registers, history) }));
  const { read, chain, overwriter } = finding;
  const write = overwriter ?? chain[0]?.from;
  if (read === undefined || write === undefined) return told;
  const name = (event: number): string => tell(history[registers.events[event]!.operation] as Operation);
  const why = `${name(read)} does not show ${name(write)}`;
  const { writer } = registers.events[read]!;
  if (writer >= 0) {
    const back: Edge = { from: writer, to: read, kind: "rf", round: 0 };
    told.push({ ...back, because: because(back, registers, history) });
  }
  told.push({ from: read, to: write, kind: "rw", round: 0, because: why });
  return told;
}

function because({ from, to, kind, read }: Edge, registers: Registers, history: History): string {
  const name = (event: number): string => tell(history[registers.events[event]!.operation] as Operation);
  if (kind === "po") return `${name(from)} came before ${name(to)} in the same process`;
  if (kind === "rf") return `${name(to)} saw what ${name(from)} wrote`;
  return `${name(read as number)} knew of ${name(from)} and still showed ${name(to)}`;
}

function sentence(
  history: History,
  registers: Registers,
  finding: Finding,
  edges: readonly { readonly because: string }[],
): string {
  const name = (event: number): string => tell(history[registers.events[event]!.operation] as Operation);
  const steps = edges.map((edge) => edge.because).join("; ");
  const { read, chain, overwriter, viewer } = finding;
  const view =
    viewer === undefined ? 0 : history[registers.events[registers.sessions[viewer]![0]!]!.operation]!.process;
  switch (finding.pattern) {
    case "ThinAirRead":
      return `${name(read as number)} returned what nobody wrote${refused(history, registers, read as number)}.`;
    case "WriteCOInitRead":
      return `${name(read as number)} found the initial value although ${name(chain[0]!.from)} was in its causal past: ${steps}.`;
    case "WriteCORead":
      return `${name(read as number)} returned a value that ${name(overwriter as number)} had overwritten in its causal past: ${steps}.`;
    case "WriteHBInitRead":
      return `${name(read as number)} found the initial value, but by all that process ${view} saw, ${name(chain[0]!.from)} came first: ${steps}.`;
    case "CyclicCO":
      return `Each of these comes before the next, and the last before the first: ${steps}.`;
    case "CyclicCF":
      return `No one order of the writes suits all processes: ${steps}.`;
    case "CyclicHB":
      return `Process ${view} cannot put what it saw in any order: ${steps}.`;
  }
}

function refused(history: History, registers: Registers, read: number): string {
  const { key, value } = registers.events[read]!;
  const failed = history.find(
    (operation) => operation.outcome === "fail" && operation.key === key && sameValue(operation.input, value),
  );
  return failed === undefined ? "" : ` except ${tell(failed)}, which had been refused`;
}
