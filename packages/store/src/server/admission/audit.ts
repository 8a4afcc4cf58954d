import { ProtobufReader } from "@synod/wire/protobuf";
import { decodeDeleteRangeRequest } from "../../api/delete-range.ts";
import { decodePutRequest, PutRequestFields } from "../../api/put.ts";
import { decodeTxnRequest } from "../../api/txn.ts";
import { AuthOpcode } from "../../areas/auth.ts";
import { LimitsOpcode } from "../../areas/limits.ts";
import { MemberOpcode } from "../../areas/members.ts";
import { AS_USER, Envelope } from "../../envelope.ts";
import type { ClusterTime, DeleteRangeRequest, TxnRequest, TxnResponse } from "../../model/types.ts";
import { bytesJson } from "../../rest/text.ts";
import { type ApplyObserver, Opcode, type StoreResult } from "../../state-machine.ts";

/** Takes finished lines. It never waits: what it has no room for it drops, and says so. */
export interface AuditSink {
  /** The entries up to this index of the log are in it already: a node that restarts applies some of them again. */
  readonly lastIndex: number;
  write(line: string): void;
}

const NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  ...named("", Opcode),
  ...named("auth.", AuthOpcode),
  ...named("member.", MemberOpcode),
  ...named("limits.", LimitsOpcode),
  [0x10, "alarm"],
  [0x60, "downgrade"],
]);

/** Change nothing that anybody asked for. */
const QUIET: ReadonlySet<number> = new Set([
  Opcode.leaseKeepAlive,
  Opcode.leaseTimeToLive,
  AuthOpcode.assignToken,
  MemberOpcode.seed,
  MemberOpcode.publish,
]);

/**
 * Who changed what: a line of JSON for each write that was applied, never with a value in it. It is made where the write is
 * applied, so every node has all of them; from where it came only that node knows which the client had asked.
 */
export class AuditTrail implements ApplyObserver {
  readonly #sink: AuditSink;
  readonly #wallClock: () => Date;
  readonly #reader = new ProtobufReader(new Uint8Array(0));
  readonly #put = new PutRequestFields();
  readonly #envelope = new Envelope();
  /** The last write; who waits for it here is known right after. */
  #pending: Record<string, unknown> | undefined;

  constructor(sink: AuditSink, wallClock: () => Date) {
    this.#sink = sink;
    this.#wallClock = wallClock;
  }

  applied(index: number, time: ClusterTime, command: Uint8Array, result: StoreResult): void {
    this.settle();
    if (index <= this.#sink.lastIndex || result.type === "refused") return;
    const reader = this.#reader;
    reader.reset(command, 1);
    let opcode = command[0] ?? 0;
    let user: string | undefined;
    if (opcode === AS_USER) {
      this.#envelope.decode(reader);
      user = this.#envelope.user;
      opcode = this.#envelope.command[0] ?? 0;
      reader.reset(this.#envelope.command, 1);
    }
    const what = this.#describe(opcode, result);
    if (what === undefined) return;
    const { revision } = result;
    const at = this.#wallClock().toISOString();
    this.#pending = { at, time, index, revision, ...(user === undefined ? {} : { user }), ...what };
  }

  /** The write that was applied last had come to this node, from there. */
  from(remote: string): void {
    if (this.#pending !== undefined) this.#pending.remote = remote;
  }

  /** Nobody will say any more where the last write came from. */
  settle(): void {
    if (this.#pending !== undefined) this.#sink.write(`${JSON.stringify(this.#pending)}\n`);
    this.#pending = undefined;
  }

  /** @returns undefined: it has changed nothing */
  #describe(opcode: number, result: StoreResult): Record<string, unknown> | undefined {
    if (QUIET.has(opcode)) return undefined;
    const reader = this.#reader;
    const op = NAMES.get(opcode) ?? `0x${opcode.toString(16)}`;
    if (result.type === "put") {
      decodePutRequest(reader, this.#put);
      return { op, ...bytesJson("key", this.#put.key) };
    }
    if (result.type === "deleteRange") {
      if (result.response.deleted === 0) return undefined;
      return { op, ...rangeJson(decodeDeleteRangeRequest(reader)), deleted: result.response.deleted };
    }
    if (result.type === "txn") {
      const changes = changesOf(decodeTxnRequest(reader), result.response);
      return changes.length === 0 ? undefined : { op, changes };
    }
    if (result.type === "leaseGrant") return { op, lease: String(result.id), ttl: result.ttl };
    if (result.type === "leaseRevoke" || result.type === "compact") return { op, ...this.#numberOf(result.type) };
    if (result.type === "expireLeases") return result.revoked === 0 ? undefined : { op, leases: result.revoked };
    return opcode >> 4 === AuthOpcode.enable >> 4 ? { op, ...this.#subject() } : { op };
  }

  #numberOf(type: "leaseRevoke" | "compact"): Record<string, unknown> {
    const number = this.#reader.next() && this.#reader.field === 1 ? this.#reader.int64Exact() : 0n;
    return type === "compact" ? { compactRevision: Number(number) } : { lease: String(number) };
  }

  /** The user or role that a command of authentication is about: always its first field. */
  #subject(): Record<string, unknown> {
    return this.#reader.next() && this.#reader.field === 1 ? { subject: this.#reader.string() } : {};
  }
}

function rangeJson({ key, rangeEnd }: DeleteRangeRequest): Record<string, unknown> {
  const end = rangeEnd === undefined || rangeEnd.length === 0 ? {} : bytesJson("rangeEnd", rangeEnd);
  return { ...bytesJson("key", key), ...end };
}

/** What the branch that was taken has written; nested transactions in their place. */
function changesOf(request: TxnRequest, response: TxnResponse): Record<string, unknown>[] {
  const ops = (response.succeeded ? request.success : request.failure) ?? [];
  const changes: Record<string, unknown>[] = [];
  for (const [i, op] of ops.entries()) {
    const done = response.responses[i];
    if (op.type === "put") changes.push({ op: "put", ...bytesJson("key", op.request.key) });
    else if (op.type === "deleteRange") changes.push({ op: "deleteRange", ...rangeJson(op.request) });
    else if (op.type === "txn" && done?.type === "txn") changes.push(...changesOf(op.request, done.response));
  }
  return changes;
}

function named(prefix: string, opcodes: Readonly<Record<string, number>>): [number, string][] {
  return Object.entries(opcodes).map(([name, opcode]) => [opcode, prefix + name]);
}
