import type { Group, Requester } from "@synod/runtime/group";
import type { StoreModel } from "../../model/store.ts";
import { Opcode, type StoreResult } from "../../state-machine.ts";

const COMMAND = Uint8Array.of(Opcode.expireLeases);

/**
 * The leader sees to it that expired leases are revoked. Which ones is decided when the command is applied, by the time of
 * its entry: a renewal that came before it in the log is not overlooked.
 */
export class LeaseKeeper implements Requester<StoreResult> {
  readonly #group: Group<StoreResult>;
  readonly #model: StoreModel;
  /** One command at a time bounds the rate: each revokes at most so many. */
  #underWay = false;

  constructor(group: Group<StoreResult>, model: StoreModel) {
    this.#group = group;
    this.#model = model;
  }

  tick(): void {
    if (this.#underWay || this.#group.status.role !== "leader") return;
    const next = this.#model.nextLeaseExpiry();
    if (next === undefined || next > this.#group.clusterTime()) return;
    this.#underWay = true;
    this.#group.propose(COMMAND, this, 0);
  }

  applied(): void {
    this.#underWay = false;
  }

  failed(): void {
    this.#underWay = false;
  }

  /** It never asks to read. */
  readable(): void {}
}
