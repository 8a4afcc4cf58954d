import type { Operation, Range, Revision } from "./operation.ts";

/** Something that Synod answers otherwise than etcd 3.4, on purpose. */
export interface KnownDifference {
  readonly what: string;
  readonly why: string;
  /** Operations that it concerns are not among the random ones. */
  concerns(operation: Operation): boolean;
  /** Shows it; the last one is answered differently. */
  readonly example: readonly Operation[];
  readonly etcd: RegExp;
  readonly synod: RegExp;
}

/** All there are. Each is shown by a test, so that a row goes when it is no longer true. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    what: "a range with a sort order or target that does not exist",
    why: "etcd 3.4 sorts by nothing, or dies of a target without an order; later versions refuse it, as Synod does",
    concerns: (operation) => rangesIn(operation).some(({ order = 0, target = 0 }) => order > 2 || target > 4),
    example: [{ type: "range", key: "a", order: 3 }],
    etcd: /^revision 1 /,
    synod: /^status 3: etcdserver: invalid sort option$/,
  },
  {
    what: "a watch from a revision below 0",
    why: "etcd 3.4 calls it compacted, or begins with all there is, as it happens to have been compacted or not; Synod begins now",
    concerns: (operation) => operation.type === "watch" && operation.watchers.some(({ start }) => isNegative(start)),
    example: [{ type: "watch", watchers: [{ key: "a", start: { exactly: -5 } }], meanwhile: [] }],
    etcd: /canceled watcher 0 compacted -1 /,
    synod: /^created watcher 0 .*\n[0-9a-f]+\n[0-9a-f]+\n/,
  },
  {
    what: "the hash at a revision below 0",
    why: "etcd 3.4 hashes nothing; to Synod it is the newest revision, as 0 is",
    concerns: (operation) => flat(operation).some((one) => one.type === "hash" && isNegative(one.revision)),
    example: [
      { type: "put", key: "a" },
      { type: "hash", revision: { exactly: -1 } },
    ],
    etcd: /^revision 2 hash 1084519789 compacted -1$/,
    synod: /^revision 2 hash (?!1084519789)\d+ compacted -1$/,
  },
];

function isNegative(revision: Revision | undefined): boolean {
  return revision !== undefined && "exactly" in revision && revision.exactly < 0;
}

function flat(operation: Operation): readonly Operation[] {
  return operation.type === "watch" ? operation.meanwhile : [operation];
}

/** Those in transactions and watches included. */
function rangesIn(operation: Operation): Range[] {
  switch (operation.type) {
    case "range":
      return [operation];
    case "txn":
      return [...operation.success, ...operation.failure].flatMap(rangesIn);
    case "watch":
      return operation.meanwhile.flatMap(rangesIn);
    default:
      return [];
  }
}
