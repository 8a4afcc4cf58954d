/** A wrong variant of the checker: one piece of one file replaced. The tests must not pass with any of them. */
export interface CheckerMutant {
  readonly name: string;
  /** In this folder's parent. */
  readonly file: string;
  /** Occurs once. */
  readonly find: string;
  readonly replace: string;
}

const mutants: readonly (readonly [name: string, file: string, find: string, replace: string])[] = [
  [
    "forgets that readers miss what comes next",
    "list-append.ts",
    "if (missed < list.length) edges.add(",
    "if (missed < 0) edges.add(",
  ],
  [
    "forgets who wrote what was read",
    "list-append.ts",
    "if (seen >= 0) edges.add(",
    "if (seen > list.length) edges.add(",
  ],
  ["forgets the order of appends", "list-append.ts", "if (last >= 0) edges.add(last, writer, WW, element);", ""],
  ["forgets appends that nobody saw", "list-append.ts", "edges.addAll(readers, appenders, RW, unseen);", ""],
  [
    "puts appends that nobody saw first",
    "list-append.ts",
    "edges.add(last, writers.writer[element]!, WW, element);",
    "edges.add(writers.writer[element]!, last, WW, element);",
  ],
  ["takes the last element for the next", "list-append.ts", "let missed = length;", "let missed = length - 1;"],
  ["does not look for two orders", "list-append.ts", "findIncompatibleOrders(evidence);\n", ""],
  ["does not look for elements there twice", "list-append.ts", "findDuplicateElements(evidence);\n", ""],
  ["does not look for dirty updates", "list-append.ts", "findDirtyUpdates(evidence);\n", ""],
  [
    "reverses real time",
    "session-edges.ts",
    "edges.add(byReturn[next]!, later, REALTIME, -1);",
    "edges.add(later, byReturn[next]!, REALTIME, -1);",
  ],
  [
    "forgets the barriers' chain",
    "session-edges.ts",
    "if (barrier >= 0) edges.add(barrier, later, CONTINUED, -1);",
    "",
  ],
  [
    "takes an unanswered transaction's end for a return",
    "session-edges.ts",
    "order.filter((t) => table.outcome.array[t] === OK)",
    "order.filter((t) => writers.committed[t] === 1)",
  ],
  [
    "reverses the order of clients",
    "session-edges.ts",
    "edges.add(before, t, PROCESS, -1);",
    "edges.add(t, before, PROCESS, -1);",
  ],
  ["forgets the order of clients", "session-edges.ts", "edges.add(before, t, PROCESS, -1);", ""],
  ["takes unanswered for failed", "writers.ts", "table.outcome.array[t] === FAIL", "table.outcome.array[t] !== OK"],
  ["takes failed for unanswered", "writers.ts", "table.outcome.array[t] === FAIL", "false"],
  ["does not commit what was read", "writers.ts", "commitWhatWasRead(table, writers);", ""],
  [
    "takes the first write for the final one",
    "writers.ts",
    "for (let op = table.end(t) - 1; op >= first; op -= 1) {",
    "for (let op = first; op < table.end(t); op += 1) {",
  ],
  ["infers from values written twice", "writers.ts", "writers.spoiled[key] = 1;", ""],
  [
    "takes reads of own writes for reads of others",
    "internal.ts",
    "if (lastWrite[key]! < first) external[op] = 1;",
    "external[op] = 1;",
  ],
  [
    "allows aborted reads",
    "direct.ts",
    'findings.add("G1a", () => ({',
    'if (aborted < 0) findings.add("G1a", () => ({',
  ],
  ["allows values from nowhere", "direct.ts", "if (aborted < 0) {", "if (aborted < 0) return;\n  if (aborted < 0) {"],
  ["allows intermediate reads", "direct.ts", "writers.isFinal[element] === 0", "writers.isFinal[element] === 2"],
  ["allows future reads", "direct.ts", "if (writer === t) {", "if (writer === -2) {"],
  [
    "takes any two writers of a key for a lost update",
    "direct.ts",
    "read < first || writers.spoiled",
    "writers.spoiled",
  ],
  [
    "takes two adjacent missed writes for nonadjacent",
    "subgraphs.ts",
    "(isRw && isByRw === 1)",
    "(isRw && isByRw === 2)",
  ],
  ["forgets half of a doubled graph", "subgraphs.ts", "const toByRw = isRw ||", "const toByRw ="],
  ["calls every cycle without missed writes G0", "cycles.ts", '(kinds & bits(WR)) === 0 ? "G0" : "G1c"', '"G0"'],
  ["calls two missed writes one", "cycles.ts", "else if (count === 1)", "else if (count <= 2)"],
  [
    "forgets that a client's order is part of a cycle",
    "cycles.ts",
    "return (kinds & PROCESS_KINDS) === 0 ? name",
    "return kinds >= 0 ? name",
  ],
  [
    "takes what is unanswered for committed by all rules",
    "check.ts",
    'rules.map((rule) => rule.replace(/^G0/, "G1c"))',
    "rules",
  ],
  [
    "trusts an inferred order of versions everywhere",
    "cycles.ts",
    "if (isInferred && /^G[01]/.test(name))",
    "if (!isInferred && /^G[9]/.test(name))",
  ],
  [
    "takes any cycle with one missed write for a broken cause",
    "cycles.ts",
    'name === "G-single" && steps.every(({ kind }) => kind === RW || kind === WR)',
    'name === "G-single"',
  ],
  [
    "forgets that reads come before writes",
    "version-order.ts",
    "isWrite && (writesFollowReads || wroteLast)",
    "isWrite && wroteLast",
  ],
  [
    "reverses writes that follow reads",
    "version-order.ts",
    "overwrites(last, version, t)",
    "overwrites(version, last, t)",
  ],
  [
    "forgets the initial version",
    "version-order.ts",
    "if (hasEarlier[element] === 0) add(",
    "if (hasEarlier[element] === 2) add(",
  ],
  [
    "orders versions by unanswered transactions",
    "version-order.ts",
    "if (table.outcome.array[t] === OK) kept.push(visit);",
    "kept.push(visit);",
  ],
  [
    "orders versions of transactions at once",
    "version-order.ts",
    "returned(other) < called(visit)",
    "called(other) < called(visit)",
  ],
  [
    "believes versions in a circle",
    "version-circles.ts",
    "if (kind === BY_VALUE) writers.spoiled[key] = 1;",
    "if (trusted[key] === kind - 1) continue;",
  ],
  [
    "forgets who missed a register's next value",
    "rw-register.ts",
    "edges.addAll(readers.get(version) ?? [], writing, RW_OF[kind]!, successors);",
    "",
  ],
  [
    "takes what real time tells of versions for certain",
    "rw-register.ts",
    "const RW_OF = [RW, RW_PROCESS, RW_REALTIME];",
    "const RW_OF = [RW, RW, RW];",
  ],
  [
    "lets what returned at a call's time come first",
    "session-edges.ts",
    "const call = table.call.array[t]!;",
    "const call = table.call.array[t]! + 1;",
  ],
  [
    "lets an unanswered transaction come before its client's next",
    "session-edges.ts",
    "if (table.outcome.array[t] === OK) last.set(process, t);",
    "last.set(process, t);",
  ],
  ["believes what contradicts itself", "internal.ts", "before < first || agrees(", "before >= -1 || agrees("],
  [
    "forgets that real time is part of a cycle",
    "cycles.ts",
    "if ((kinds & REALTIME_KINDS) !== 0) return",
    "if (kinds < 0) return",
  ],
];

export const CHECKER_MUTANTS: readonly CheckerMutant[] = mutants.map(([name, file, find, replace]) => {
  return { name, file, find, replace };
});
