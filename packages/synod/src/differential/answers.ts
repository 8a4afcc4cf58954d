import type { Reply } from "../cluster-test/grpc.ts";
import { Fields } from "../cluster-test/protobuf.ts";
import type { UnaryOperation } from "./operation.ts";

/** What one side said to an operation, without what differs between any two clusters. */
export interface Told {
  /** All that must be equal. */
  readonly text: string;
  /** Seconds that a lease has left: the sides' clocks, and when each was asked, may be a little apart. */
  readonly ttl?: number;
}

/** Seconds that one side may be ahead of the other by. */
const CLOCKS_APART = 10;

export function equal(a: Told, b: Told): boolean {
  return a.text === b.text && Math.abs((a.ttl ?? 0) - (b.ttl ?? 0)) <= CLOCKS_APART;
}

/** The revision in the header; undefined where there was no answer. */
export function revisionIn(reply: Reply): number | undefined {
  return reply.type === "ok" ? new Fields(reply.message).message(1).number(3) : undefined;
}

/** @throws if the side did not answer at all. */
export function told(operation: UnaryOperation, reply: Reply): Told {
  if (reply.type === "status") return { text: `status ${reply.code}: ${reply.text}` };
  if (reply.type !== "ok") throw new Error(`no answer to ${operation.type} (${reply.type}): ${reply.reason}`);
  const head = `revision ${revisionIn(reply)}`;
  if (operation.type === "timeToLive") return leaseTold(head, new Fields(reply.message));
  if (operation.type === "hash") return { text: `${head} ${hashIn(new Fields(reply.message))}` };
  if (operation.type === "leases") return { text: `${head} ${leasesIn(new Fields(reply.message))}` };
  return { text: `${head} ${Buffer.from(afterHeader(reply.message)).toString("hex")}` };
}

/** Of the header (cluster, member, revision, term) only the revision is comparable; all that follows is, byte by byte. */
function afterHeader(message: Uint8Array): Uint8Array {
  // The header is the first field, and shorter than 128 bytes.
  return message[0] === 0x0a ? message.subarray(2 + message[1]!) : message;
}

/** A lease's keys come in any order, from etcd in another one at each call. */
function leaseTold(head: string, fields: Fields): Told {
  const keys = fields.many(5).map((key) => Buffer.from(key).toString("hex"));
  const granted = fields.number(4);
  const ttl = fields.number(3);
  const sane = ttl <= granted ? "" : ` ttl ${ttl}`;
  return { text: `${head} lease ${fields.number(2)} granted ${granted}${sane} keys ${keys.sort().join()}`, ttl };
}

/** etcd lists leases by the time at which they end, which is chance where two end within the same moment. */
function leasesIn(fields: Fields): string {
  const ids = fields.messages(2).map((lease) => lease.number(1));
  return `leases ${ids.sort((a, b) => a - b).join()}`;
}

/** Later versions than 3.4 also say the revision that they hashed at. */
function hashIn(fields: Fields): string {
  return `hash ${fields.number(2)} compacted ${fields.number(3)}`;
}
