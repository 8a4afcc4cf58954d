import type { Group, Requester } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { AlarmAction, encodeAlarmRequest } from "../../api/maintenance.ts";
import { type AlarmArea, AlarmOpcode } from "../../areas/alarms.ts";
import { AlarmType } from "../../model/alarms.ts";
import type { Quota } from "../../model/quota.ts";
import type { StoreModel } from "../../model/store.ts";
import type { StoreResult } from "../../state-machine.ts";

/**
 * Keeps this node's store within its quota. Whoever would exceed it is refused and raises the NOSPACE alarm, as in etcd;
 * unlike in etcd the leader clears the alarm when there is room again, because freed space is used anew as it is.
 */
export class QuotaGuard implements Requester<StoreResult> {
  readonly quota: Quota;
  readonly #group: Group<StoreResult>;
  readonly #model: StoreModel;
  readonly #area: AlarmArea;
  readonly #self: bigint;
  /** One command at a time. */
  #underWay = false;

  constructor(group: Group<StoreResult>, model: StoreModel, area: AlarmArea, quota: Quota, self: bigint) {
    this.#group = group;
    this.#model = model;
    this.#area = area;
    this.quota = quota;
    this.#self = self;
  }

  /** @param cost bytes by the accounting of `quota.ts`. @returns false: refuse it; the alarm is being raised. */
  admits(cost: number): boolean {
    if (this.quota.admits(this.#model.sizeInUseInBytes, cost)) return true;
    const raised = this.#area.alarms.list(AlarmType.NOSPACE).some(({ memberId }) => memberId === this.#self);
    if (!raised) this.#propose(AlarmAction.ACTIVATE, this.#self);
    return false;
  }

  /** About ten times a second. */
  tick(): void {
    if (!this.#area.isFull || this.#group.status.role !== "leader") return;
    if (!this.quota.isRelaxed(this.#model.sizeInUseInBytes)) return;
    const alarm = this.#area.alarms.list(AlarmType.NOSPACE).find(({ automatic }) => automatic);
    if (alarm !== undefined) this.#propose(AlarmAction.DEACTIVATE, alarm.memberId);
  }

  applied(): void {
    this.#underWay = false;
  }

  failed(): void {
    this.#underWay = false;
  }

  /** It never asks to read. */
  readable(): void {}

  #propose(action: number, memberId: bigint): void {
    if (this.#underWay) return;
    this.#underWay = true;
    const writer = new ProtobufWriter(32);
    writer.raw(Uint8Array.of(AlarmOpcode.quota));
    encodeAlarmRequest(writer, { action, memberId, alarm: AlarmType.NOSPACE });
    this.#group.propose(writer.finish(), this, 0);
  }
}
