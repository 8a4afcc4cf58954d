import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { decodeCompactionRequest } from "../api/compaction.ts";
import { decodePrefixLimit, encodePrefixLimit } from "../api/limits.ts";
import type { Area, AreaResult, Entry } from "../area.ts";
import type { CommandNeeds } from "../envelope.ts";
import type { PrefixLimit, PrefixQuotas } from "../model/prefix-quotas.ts";

const ID = 4;

export const LimitsOpcode = {
  /** A CompactionRequest that the leader makes of its own accord. */
  compact: 0x40,
  /** A PrefixLimit that counts from its entry on. */
  setQuota: 0x41,
  /** A PrefixLimit, of which the prefix counts. */
  removeQuota: 0x42,
} as const;

/** What the cluster does about its size that etcd does not. */
export class LimitsArea implements Area {
  readonly id: number = ID;
  readonly #quotas: PrefixQuotas;

  /** @param quotas the store's; its settings are this area's state. */
  constructor(quotas: PrefixQuotas) {
    this.#quotas = quotas;
  }

  /** @throws StoreError `compacted`, `futureRev`, `tooManyOps` (too many quotas), `keyNotFound` (no such quota) */
  apply(opcode: number, reader: ProtobufReader, { store, time }: Entry): AreaResult {
    if (opcode === LimitsOpcode.compact) store.compact(decodeCompactionRequest(reader).revision, time);
    else if (opcode === LimitsOpcode.setQuota) this.#quotas.set(decodePrefixLimit(reader));
    else if (opcode === LimitsOpcode.removeQuota) this.#quotas.remove(decodePrefixLimit(reader).prefix);
    else
      throw new Error(`the log holds a command of kind ${opcode}, which this version does not know: upgrade this node`);
    return { type: "area", revision: store.revision };
  }

  needs(opcode: number): CommandNeeds {
    return opcode === LimitsOpcode.compact ? "server" : "admin";
  }

  hash(): number {
    return this.#quotas.hash;
  }

  encode(writer: ProtobufWriter): void {
    for (const quota of this.#quotas.list()) {
      const mark = writer.begin(1);
      encodePrefixLimit(writer, quota);
      writer.end(mark);
    }
  }

  decode(reader: ProtobufReader): () => void {
    const read: PrefixLimit[] = [];
    while (reader.next()) {
      if (reader.field === 1) {
        const outer = reader.enter();
        read.push(decodePrefixLimit(reader));
        reader.leave(outer);
      } else reader.skip();
    }
    return () => this.#quotas.replace(read);
  }
}
