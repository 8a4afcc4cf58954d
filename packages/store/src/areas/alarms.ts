import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { AlarmAction, decodeAlarm, decodeAlarmRequest, decodeStateClaim, encodeAlarm } from "../api/maintenance.ts";
import { decodeTxnRequest } from "../api/txn.ts";
import type { Area, AreaResult, Entry, Gate } from "../area.ts";
import type { CommandNeeds } from "../envelope.ts";
import { type AlarmMember, Alarms, AlarmType } from "../model/alarms.ts";
import { finishHash, hashInteger, hashWord } from "../model/bytes.ts";
import { StoreError } from "../model/errors.ts";
import { costOfTxn } from "../model/quota.ts";
import { Opcode } from "../state-machine.ts";
import { LimitsOpcode } from "./limits.ts";

const ID = 1;

/**
 * An AlarmRequest, as a client sent it or as a member proposes it by itself. And while members' states differ: a place at
 * which they are compared, and what one of them had there. Both change nothing.
 */
export const AlarmOpcode = { request: 0x10, quota: 0x11, compare: 0x12, claim: 0x13 } as const;

/** Whoever looks on while states are compared through the log, and changes nothing. */
export interface ComparisonObserver {
  /** The states as they are now are to be compared. */
  compared(index: number): void;
  /** What a node's state had for a hash at that index. */
  claimed(node: number, index: number, hash: number): void;
}

/** What the CORRUPT alarm refuses: whatever reads or changes keys and leases. */
const TOUCHES_DATA: ReadonlySet<number> = new Set([
  Opcode.put,
  Opcode.deleteRange,
  Opcode.txn,
  Opcode.compact,
  Opcode.leaseGrant,
  Opcode.leaseRevoke,
  Opcode.expireLeases,
  LimitsOpcode.compact,
]);

/**
 * The members' alarms and what they forbid (etcd `server/etcdserver/apply`): under NOSPACE nothing is added, under
 * CORRUPT nothing is touched. They are replicated and in force from their entry of the log on, on every member alike.
 */
export class AlarmArea implements Area, Gate {
  readonly id: number = ID;
  readonly alarms: Alarms = new Alarms();
  closed = false;
  isFull = false;
  isCorrupt = false;
  observer: ComparisonObserver | undefined;
  #hash = 0;

  apply(opcode: number, reader: ProtobufReader, { index, store }: Entry): AreaResult {
    if (opcode === AlarmOpcode.compare || opcode === AlarmOpcode.claim)
      return this.#compare(opcode, reader, index, store);
    const { action, memberId, alarm } = decodeAlarmRequest(reader);
    const found = this.#perform(action, memberId, alarm, opcode === AlarmOpcode.quota);
    return {
      type: "area",
      revision: store.revision,
      write: (writer) => {
        for (const member of found) encodeAlarm(writer, 2, member);
      },
    };
  }

  /** Alarms may be listed by every user. */
  needs(opcode: number, reader: ProtobufReader): CommandNeeds {
    if (opcode !== AlarmOpcode.request) return "server";
    return decodeAlarmRequest(reader).action === AlarmAction.GET ? "user" : "admin";
  }

  admit(opcode: number, reader: ProtobufReader): void {
    if (this.isCorrupt && TOUCHES_DATA.has(opcode)) throw new StoreError("corrupt");
    if (!this.isFull) return;
    if (opcode === Opcode.put || opcode === Opcode.leaseGrant) throw new StoreError("noSpace");
    if (opcode !== Opcode.txn) return;
    const { position } = reader;
    const cost = costOfTxn(decodeTxnRequest(reader));
    if (cost > 0) throw new StoreError("noSpace");
    reader.position = position;
  }

  /**
   * What `/health` says.
   * @param exclude names of alarms that do not count, as in etcd's `?exclude=NOSPACE`.
   * @returns "ALARM NOSPACE", say; undefined: no alarm counts.
   */
  complaint(exclude: ReadonlySet<string> = new Set()): string | undefined {
    if (this.isCorrupt && !exclude.has("CORRUPT")) return "ALARM CORRUPT";
    return this.isFull && !exclude.has("NOSPACE") ? "ALARM NOSPACE" : undefined;
  }

  hash(): number {
    return this.#hash;
  }

  encode(writer: ProtobufWriter): void {
    for (const member of this.alarms.list()) encodeAlarm(writer, 1, member, member.automatic);
  }

  decode(reader: ProtobufReader): () => void {
    const read: AlarmMember[] = [];
    while (reader.next()) {
      if (reader.field === 1) read.push(decodeAlarm(reader));
      else reader.skip();
    }
    return () => {
      this.alarms.replace(read);
      this.#changed();
    };
  }

  #compare(opcode: number, reader: ProtobufReader, at: number, { revision }: Entry["store"]): AreaResult {
    if (opcode === AlarmOpcode.compare) this.observer?.compared(at);
    else {
      const { node, index, hash } = decodeStateClaim(reader);
      this.observer?.claimed(node, index, hash);
    }
    return { type: "area", revision };
  }

  #perform(action: number, memberId: bigint, alarm: number, automatic: boolean): readonly AlarmMember[] {
    if (action === AlarmAction.GET) return this.alarms.list(alarm);
    if (action === AlarmAction.ACTIVATE) {
      const raised = this.alarms.raise(memberId, alarm, automatic);
      this.#changed();
      return [raised];
    }
    if (action !== AlarmAction.DEACTIVATE) return [];
    const cleared = this.alarms.clear(memberId, alarm);
    this.#changed();
    return cleared === undefined ? [] : [cleared];
  }

  #changed(): void {
    this.isFull = this.alarms.has(AlarmType.NOSPACE);
    this.isCorrupt = this.alarms.has(AlarmType.CORRUPT);
    this.closed = this.isFull || this.isCorrupt;
    let hash = 0;
    for (const { memberId, alarm, automatic } of this.alarms.list()) {
      hash = hashWord(hash, Number(BigInt.asIntN(32, memberId)));
      hash = hashWord(hash, Number(BigInt.asIntN(32, memberId >> 32n)));
      hash = hashInteger(hash, alarm * 2 + (automatic ? 1 : 0));
    }
    this.#hash = finishHash(hash);
  }
}
