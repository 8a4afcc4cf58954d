import type { Group, Requester } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { AlarmAction, encodeAlarmRequest, encodeStateClaim } from "../../api/maintenance.ts";
import { type AlarmArea, AlarmOpcode, type ComparisonObserver } from "../../areas/alarms.ts";
import { AlarmType } from "../../model/alarms.ts";
import type { StoreResult, StoreStateMachine } from "../../state-machine.ts";

/** Microseconds between two comparisons. */
const COMPARE_EVERY = 2_000_000;

/**
 * Ends a CORRUPT alarm that members have raised, once their states agree again: while it is in force the leader marks a
 * place in the log, every member says through the log what its state's hash was there, and when all voters have said the
 * same, the leader clears the alarm. One that an operator has raised stays.
 */
export class CorruptionGuard implements Requester<StoreResult>, ComparisonObserver {
  readonly #group: Group<StoreResult>;
  readonly #machine: StoreStateMachine;
  readonly #area: AlarmArea;
  readonly #now: () => number;
  #compareAt = 0;
  /** The place that was marked last, and what this member has to say of it. */
  #marked: { readonly index: number; readonly hash: number } | undefined;
  #hasSaid = false;
  /** What voters have said of that place, by node. */
  readonly #claims = new Map<number, number>();
  /** One command at a time. */
  #underWay = false;

  constructor(group: Group<StoreResult>, machine: StoreStateMachine, area: AlarmArea, now: () => number) {
    this.#group = group;
    this.#machine = machine;
    this.#area = area;
    this.#now = now;
    area.observer = this;
  }

  /** About ten times a second. */
  tick(): void {
    if (!this.#area.isCorrupt || this.#underWay) return;
    const raised = this.#area.alarms.list(AlarmType.CORRUPT).find(({ automatic }) => automatic);
    if (raised === undefined) return;
    const { self, role } = this.#group.status;
    const marked = this.#marked;
    if (marked !== undefined && !this.#hasSaid) {
      this.#hasSaid = true;
      return this.#propose(AlarmOpcode.claim, (writer) => encodeStateClaim(writer, { ...marked, node: self }));
    }
    if (role !== "leader") return;
    if (this.#agree()) {
      this.#marked = undefined;
      const { memberId, alarm } = raised;
      const request = { action: AlarmAction.DEACTIVATE, memberId, alarm };
      return this.#propose(AlarmOpcode.quota, (writer) => encodeAlarmRequest(writer, request));
    }
    if (this.#now() < this.#compareAt) return;
    this.#compareAt = this.#now() + COMPARE_EVERY;
    this.#propose(AlarmOpcode.compare, () => {});
  }

  // --- ComparisonObserver

  compared(index: number): void {
    this.#marked = { index, hash: this.#machine.hash() };
    this.#hasSaid = false;
    this.#claims.clear();
  }

  claimed(node: number, index: number, hash: number): void {
    if (index === this.#marked?.index) this.#claims.set(node, hash);
  }

  // --- Requester

  applied(): void {
    this.#underWay = false;
  }

  failed(): void {
    this.#underWay = false;
  }

  /** It never asks to read. */
  readable(): void {}

  #agree(): boolean {
    const { marked, claims } = { marked: this.#marked, claims: this.#claims };
    const { voters, outgoing } = this.#group.status.configuration;
    return marked !== undefined && [...voters, ...outgoing].every((node) => claims.get(node) === marked.hash);
  }

  #propose(opcode: number, encode: (writer: ProtobufWriter) => void): void {
    this.#underWay = true;
    const writer = new ProtobufWriter(32);
    writer.raw(Uint8Array.of(opcode));
    encode(writer);
    this.#group.propose(writer.finish(), this, 0);
  }
}
