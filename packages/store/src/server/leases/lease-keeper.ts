import type { Group, Requester } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeExpireLeases } from "../../expire-leases.ts";
import type { StoreModel } from "../../model/store.ts";
import { Opcode, type StoreResult } from "../../state-machine.ts";

/** Leases that one command revokes; the rest is for the next one. */
const MOST_AT_ONCE = 256;
const OPCODE = Uint8Array.of(Opcode.expireLeases);

/**
 * The leader sees to it that expired leases are revoked: it alone knows which have. The command names what it has seen, so
 * that a renewal which comes before it in the log is not overlooked, nor one by a later leader.
 */
export class LeaseKeeper implements Requester<StoreResult> {
  readonly #group: Group<StoreResult>;
  readonly #model: StoreModel;
  readonly #writer = new ProtobufWriter(256);
  /** One command at a time bounds the rate. */
  #underWay = false;

  constructor(group: Group<StoreResult>, model: StoreModel) {
    this.#group = group;
    this.#model = model;
  }

  tick(): void {
    if (this.#underWay || this.#model.leaseCount === 0) return;
    const { role, term } = this.#group.status;
    if (role !== "leader") return;
    const leases = this.#model.expiredLeases(this.#group.clusterTime(), MOST_AT_ONCE, term);
    if (leases.length === 0) return;
    this.#writer.reset();
    this.#writer.raw(OPCODE);
    encodeExpireLeases(this.#writer, { term, leases });
    this.#underWay = true;
    this.#group.propose(this.#writer.view(), this, 0);
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
